type Schema = Record<string, unknown>;

/** Not `format: uuid`: that one also takes urn:uuid:…, which PostgreSQL does not. */
export const ID_PATTERN = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
const id = new RegExp(ID_PATTERN);

/**
 * Writes every id in `value` as we do, so that one in capitals is the same everywhere behind the door. By its schema: a text
 * that looks like an id is a text. Keys are ids where names are free.
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

/** Both spellings of one id are two names: the other one is left as it is, and found to be unknown. */
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
