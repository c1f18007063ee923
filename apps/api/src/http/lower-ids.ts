type Schema = Record<string, unknown>;

/** Not `format: uuid`, which also accepts urn:uuid:…; PostgreSQL does not. */
export const ID_PATTERN = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
const id = new RegExp(ID_PATTERN);

/**
 * Writes every id in `value` in lower case, so that the rest of the code compares ids as strings. The schema says which
 * values are ids: a post text that looks like an id is not changed. Keys are ids where the schema has `patternProperties`.
 */
export function lowerIds(schema: Schema, value: unknown): unknown {
  if (typeof value === 'string') return schema['pattern'] === ID_PATTERN ? lower(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (isSchema(items)) value.forEach((each, index) => (value[index] = lowerIds(items, each)));
    return value;
  }
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const object = value as Record<string, unknown>;
  for (const [name, inner] of Object.entries(object)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (isSchema(known)) object[name] = lowerIds(known, inner);
    else if (schema['patternProperties'] !== undefined) renameKey(object, name);
  }
  return object;
}

/** When both spellings of one id are keys, the upper-case one stays, and is refused later as unknown. */
function renameKey(object: Record<string, unknown>, name: string): void {
  const ours = lower(name);
  if (ours === name || Object.hasOwn(object, ours)) return;
  object[ours] = object[name];
  delete object[name];
}

function lower(text: string): string {
  return id.test(text) ? text.toLowerCase() : text;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
