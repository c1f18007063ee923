import { escapePointer, findUnkeepable, sayWhere } from '@solospark/foundation';
import { Type, type Static, type TObject, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Publisher } from './publisher.ts';
import type { Settings, Violation } from './draft.ts';

/** Checks settings against the platform's schema. `check` only gets settings that fit it. */
export function checkSettings(
  { settings: schema }: Pick<Publisher, 'settings'>,
  settings: Settings,
): Violation[] {
  const misfits = findMisfits(schema, settings, 'settings');
  if (misfits.length > 0) return misfits;
  const filled = withDefaults(schema, settings);
  const found = Value.Errors(schema, filled).map((error): Violation => {
    const detail =
      error.keyword === 'enum' ? `must be one of ${error.params.allowedValues.join(', ')}` : error.message;
    return { field: `settings${error.instancePath}`, code: error.keyword, detail: `${detail}.` };
  });
  if (found.length > 0 || Value.Check(schema, filled)) return found;
  return [{ field: 'settings', code: 'invalid_settings', detail: 'do not fit what the platform takes.' }];
}

/**
 * The settings with the schema's defaults for missing fields. Ignores fields of a newer version that this schema does not have.
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

/**
 * Checks the shape first, no deeper than the schema: unknown names, lists that are too long, objects in wrong places, text that
 * cannot be stored. So the library only gets small values: it stops at eight errors and compares all items of a list with each
 * other.
 */
function findMisfits(schema: TSchema, value: unknown, field: string): Violation[] {
  if (value === undefined) return [];
  if (Type.IsObject(schema)) return findObjectMisfits(schema, value, field);
  if (Type.IsArray(schema)) {
    if (!Array.isArray(value)) return [{ field, code: 'type', detail: 'must be array.' }];
    const { maxItems = 0 } = schema as { maxItems?: number };
    if (value.length > maxItems) {
      return [{ field, code: 'maxItems', detail: `must not have more than ${maxItems} items.` }];
    }
    return value.flatMap((item, index) => findMisfits(schema.items, item, `${field}/${index}`));
  }
  if (typeof value === 'object' && value !== null) {
    return [{ field, code: 'type', detail: 'must be a single value.' }];
  }
  const at = typeof value === 'string' ? findUnkeepable(value) : undefined;
  if (!at) return [];
  const detail = `must be whole Unicode characters, without NUL: take out ${sayWhere(at)}.`;
  return [{ field, code: 'characters', detail, at }];
}

function findObjectMisfits({ properties }: TObject, value: unknown, field: string): Violation[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ field, code: 'type', detail: 'must be object.' }];
  }
  const known = Object.keys(properties).join(', ');
  const found: Violation[] = [];
  for (const [name, inner] of Object.entries(value) as [string, unknown][]) {
    const at = `${field}/${escapePointer(name)}`;
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property) found.push(...findMisfits(property, inner, at));
    else found.push({ field: at, code: 'unknown_setting', detail: unknownSetting(name, known) });
    // Reports only the first few of a huge number.
    if (found.length >= MOST_MISFITS) break;
  }
  return found;
}

const MOST_MISFITS = 20;
const LONGEST_NAME = 100;

function unknownSetting(name: string, known: string): string {
  const shown = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  return `has no setting "${shown}" here. Its settings: ${known}.`;
}
