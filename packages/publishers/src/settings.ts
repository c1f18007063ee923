import type { Static, TObject } from 'typebox';
import { Value } from 'typebox/value';
import type { Publisher, Settings, Violation } from './publisher.ts';

/** What is wrong with these settings by the platform's schema. `check` is asked about those only that fit it. */
export function checkSettings({ settings: schema }: Publisher, settings: Settings): Violation[] {
  const known = Object.keys(schema.properties).join(', ') || 'none';
  return Value.Errors(schema, withDefaults(schema, settings)).flatMap((error): Violation[] => {
    const field = `settings${error.instancePath}`;
    switch (error.keyword) {
      case 'boolean':
        // Said once more by `additionalProperties`.
        return [];
      case 'additionalProperties':
        return error.params.additionalProperties.map((name) => ({
          field: `${field}/${name}`,
          code: 'unknown_setting',
          detail: `has no setting "${name}" here. Its settings: ${known}.`,
        }));
      case 'enum':
        return [{ field, code: 'enum', detail: `must be one of ${error.params.allowedValues.join(', ')}.` }];
      default:
        return [{ field, code: error.keyword, detail: `${error.message}.` }];
    }
  });
}

/**
 * The settings as their platform's schema has them, with the default of whatever the author left out. What a newer
 * version has stored and this one does not know is left aside.
 * @throws AssertError when they do not fit the schema.
 */
export function readSettings<S extends TObject>(schema: S, of: { settings: Settings }): Static<S> {
  const settings: unknown = withDefaults(schema, Value.Clean(schema, Value.Clone(of.settings)));
  Value.Assert(schema, settings);
  return settings;
}

function withDefaults(schema: TObject, settings: unknown): unknown {
  return Value.Default(schema, Value.Clone(settings));
}
