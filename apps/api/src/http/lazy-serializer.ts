import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';

/**
 * Compiles the serializer of a route with its first answer: compiling all of them takes longer than the rest of the start.
 * `openapi.int.test.ts` resolves every schema, and runs an example of every operation.
 */
export const buildLazySerializer: ReturnType<typeof SerializerSelector> = (externalSchemas, options) => {
  const compile = SerializerSelector()(externalSchemas, options);
  return (route) => {
    let serialize: ReturnType<typeof compile> | undefined;
    return (data) => (serialize ??= compile(route))(data);
  };
};
