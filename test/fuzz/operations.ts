import { createRequire } from 'node:module';

// Reads the OpenAPI document: its operations, and whether an answer is one that it documents.

export interface Schema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  pattern?: string;
  format?: string;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: Schema;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  parameters: Parameter[];
  /** Schemas of the request's body, by content type. */
  bodies: Record<string, Schema>;
}

export interface Answer {
  status: number;
  contentType: string;
  body: Buffer;
}

interface OpenApiDocument {
  paths: Record<string, Record<string, Record<string, unknown>>>;
}

interface Validator {
  (value: unknown): boolean;
  errors?: unknown;
}

// The API's own copy of Ajv, which it validates requests with.
const fromApi = createRequire(new URL('../../apps/api/package.json', import.meta.url));

export function readOperations(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const content = (
        operation['requestBody'] as { content?: Record<string, { schema: Schema }> } | undefined
      )?.content;
      return {
        id: String(operation['operationId']),
        method: method.toUpperCase(),
        path,
        parameters: (operation['parameters'] ?? []) as Parameter[],
        bodies: Object.fromEntries(Object.entries(content ?? {}).map(([type, { schema }]) => [type, schema])),
      };
    }),
  );
}

/** Returns a function that says what is wrong with an answer; undefined when the document allows it. */
export function createJudge(document: OpenApiDocument) {
  const Ajv = (fromApi('ajv/dist/2020') as { default: AjvClass }).default;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema(document, 'openapi');
  const compiled = new Map<string, Validator | undefined>();

  return ({ method, path }: Operation, answer: Answer): string | undefined => {
    const responses = (document.paths[path]?.[method.toLowerCase()]?.['responses'] ?? {}) as Record<
      string,
      { content?: Record<string, unknown> }
    >;
    const promised = responses[answer.status];
    if (!promised) return `status ${answer.status} is not documented`;
    const types = Object.keys(promised.content ?? {});
    const actual = answer.contentType.split(';', 1)[0]?.trim() ?? '';
    if (types.length === 0)
      return answer.body.length === 0 ? undefined : 'has a body where none is documented';
    const type = types.find(
      (each) => each === actual || (each.endsWith('/*') && actual.startsWith(each.slice(0, -1))),
    );
    if (type === undefined) return `content type "${actual}" is not documented`;
    if (!type.endsWith('json')) return undefined;
    const pointer = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(answer.status),
      'content',
      type,
      'schema',
    ];
    const reference = `openapi#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
    if (!compiled.has(reference)) compiled.set(reference, ajv.compile({ $ref: reference }));
    const fits = compiled.get(reference);
    let value: unknown;
    try {
      value = JSON.parse(answer.body.toString());
    } catch {
      return 'is not JSON';
    }
    if (fits?.(value)) return undefined;
    return `does not fit its schema: ${JSON.stringify(fits?.errors)}`;
  };
}

type AjvClass = new (options: object) => {
  addSchema(schema: object, key: string): void;
  compile(schema: object): Validator;
};
