import type { FastifyInstance } from 'fastify';

/**
 * Accepts an empty body with the JSON content type, as the platforms do: many clients send that type with every call,
 * LinkedIn's own client with its deletes. A call that needs a body is refused for its missing fields.
 */
export function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, String(body), done);
  });
}
