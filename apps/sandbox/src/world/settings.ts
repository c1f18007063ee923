import type { Static, TObject } from 'typebox';
import { Value } from 'typebox/value';

/** The adjustable rules of each platform: schema, defaults, present values. */
export interface Settings {
  /** The live values; a reader looks at them anew each time. */
  declare<T extends TObject>(platform: string, schema: T): Static<T>;
  schemaOf(platform: string): TObject;
  read(platform: string): Record<string, unknown>;
  change(platform: string, values: Record<string, unknown>): void;
  /** Back to the defaults. */
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
