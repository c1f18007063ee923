// The document generated from the routes repeats every schema inline. Here each schema with a title becomes a component of
// that name, and every use becomes a `$ref`, so that a generated client has one type for a post.
import { isDeepStrictEqual } from 'node:util';

type Node = Record<string, unknown>;

interface Document {
  paths?: object;
  components?: { schemas?: object };
}

/** A title with a space is a sentence, not a component name. */
const NAME = /^[A-Z][A-Za-z]*$/;

/** @throws Error when two schemas that differ have the same title. */
export function nameComponents<T extends Document>(document: T): T {
  const schemas: Node = {};
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    schemas[name] = withReferences(schema, schemas, name);
  }
  const paths = withReferences(document.paths, schemas);
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...document, paths, components: { ...document.components, schemas: sorted } };
}

/** Works from the leaves upwards, so that components refer to other components. */
function withReferences(value: unknown, schemas: Node, ownName?: string): unknown {
  if (Array.isArray(value)) return value.map((each) => withReferences(each, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const node = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      // These hold data, even where it looks like a schema.
      key === 'example' || key === 'examples' || key === 'default' ? inner : withReferences(inner, schemas),
    ]),
  );
  const { title: name } = node;
  if (typeof name !== 'string' || !NAME.test(name) || name === ownName || !isSchema(node)) return node;
  if (name in schemas && !isDeepStrictEqual(schemas[name], node)) {
    throw new Error(`two different schemas have the title ${name}: a title names one component`);
  }
  schemas[name] = node;
  return { $ref: `#/components/schemas/${name}` };
}

/** A `title` alone does not make a schema: a property may have that name, and `info` has one. */
function isSchema(node: Node): boolean {
  return ['type', 'enum', 'anyOf', 'allOf', 'oneOf', 'const'].some((keyword) => keyword in node);
}
