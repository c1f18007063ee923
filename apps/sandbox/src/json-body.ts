import type { FastifyInstance } from 'fastify';

/**
 * JSON that is announced and not sent is no body, as with the platforms: many clients announce it with every call, LinkedIn's own
 * among them with its deletes. A call that needs one is refused by what is missing in it.
 */
export function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, String(body), done);
  });
}
