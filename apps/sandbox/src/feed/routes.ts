import type { FastifyInstance } from 'fastify';
import { platforms } from '../platforms/registry.ts';
import type { World } from '../world/world.ts';
import { renderPage } from './page.ts';

/** The feed, the page of a single post, and the images and videos of both. */
export function registerFeed(app: FastifyInstance, world: World): void {
  const page = renderPage(platforms.map(({ id, name, colour }) => ({ id, name, colour })));
  const pageHeaders = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src 'self'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
  };

  // The page finds out by its own address whether it shows one post or all.
  for (const url of ['/', '/_sandbox/view/:platform/:id']) {
    app.get(url, (_request, reply) => reply.headers(pageHeaders).send(page));
  }
  app.get<{ Params: { id: string } }>('/_sandbox/media/:id', (request, reply) => {
    const image = world.images.find(request.params.id);
    if (!image) return reply.code(404).send({ error: 'no such image; the oldest are forgotten first' });
    return reply
      .headers({
        'content-type': image.type,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
      })
      .send(image.bytes);
  });
}
