import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';

/**
 * Compiles the serializer of a route with its first answer. All of them together take longer than the rest of the start, and
 * most processes never use most of them. `openapi.int.test.ts` compiles them all.
 */
export const buildLazySerializer: ReturnType<typeof SerializerSelector> = (externalSchemas, options) => {
  const compile = SerializerSelector()(externalSchemas, options);
  return (route) => {
    let serialize: ReturnType<typeof compile> | undefined;
    return (data) => (serialize ??= compile(route))(data);
  };
};
