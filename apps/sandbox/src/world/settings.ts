import type { Static, TObject } from 'typebox';
import { Value } from 'typebox/value';

/** The settings of each platform: schema, defaults and current values. */
export interface Settings {
  /** Returns the live values; read them anew at each use. */
  declare<T extends TObject>(platform: string, schema: T): Static<T>;
  schemaOf(platform: string): TObject;
  read(platform: string): Record<string, unknown>;
  change(platform: string, values: Record<string, unknown>): void;
  /** Restores the defaults. */
  clear(): void;
}

export function createSettings(): Settings {
  const declared = new Map<string, { schema: TObject; values: Record<string, unknown> }>();
  const defaultsOf = (schema: TObject) => Value.Default(schema, {}) as Record<string, unknown>;
  function entryOf(platform: string) {
    const entry = declared.get(platform);
    if (!entry) throw new Error(`the platform "${platform}" declared no settings`);
    return entry;
  }
  return {
    declare<T extends TObject>(platform: string, schema: T) {
      const values = defaultsOf(schema);
      declared.set(platform, { schema, values });
      return values as Static<T>;
    },
    schemaOf: (platform) => entryOf(platform).schema,
    read: (platform) => ({ ...entryOf(platform).values }),
    change: (platform, values) => void Object.assign(entryOf(platform).values, values),
    clear() {
      for (const { schema, values } of declared.values()) Object.assign(values, defaultsOf(schema));
    },
  };
}
