/** How many undocumented names are reported one by one. */
const UNKNOWN_NAMES = 20;

type Schema = Record<string, unknown>;

/**
 * Reduces a schema to its size limits: numbers of items and properties, lengths of texts. An object without additional
 * properties may have as many as are documented, and a few unknown ones, so that those can be reported by name.
 */
export function sizesOf(schema: Schema): Schema {
  const sizes: Schema = {};
  for (const limit of ['maxItems', 'maxLength', 'maxProperties']) {
    if (schema[limit] !== undefined) sizes[limit] = schema[limit];
  }
  if (schema['additionalProperties'] === false && isSchema(schema['properties'])) {
    sizes['maxProperties'] ??= Object.keys(schema['properties']).length + UNKNOWN_NAMES;
  }
  for (const branch of ['properties', 'patternProperties']) {
    const inner = schema[branch];
    if (isSchema(inner)) {
      sizes[branch] = Object.fromEntries(
        Object.entries(inner).map(([name, value]) => [name, sizesOf(value as Schema)]),
      );
    }
  }
  if (isSchema(schema['items'])) sizes['items'] = sizesOf(schema['items']);
  const choices = schema['anyOf'];
  if (Array.isArray(choices)) sizes['anyOf'] = choices.map((choice) => sizesOf(choice as Schema));
  return sizes;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
