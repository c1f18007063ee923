/** How many names that nobody documented are told one by one. */
const UNKNOWN_NAMES = 20;

type Schema = Record<string, unknown>;

/**
 * What a schema says about how many and how long, and nothing else: how many items and names, how long a text. An object that
 * is closed has as many names as are documented, and a few that are not.
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
