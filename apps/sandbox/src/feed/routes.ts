import type { FastifyInstance } from 'fastify';
import { platforms } from '../platforms/registry.ts';
import type { World } from '../world/world.ts';
import { renderPage } from './page.ts';
import { postPage } from './post-page.ts';

/** The feed, the page of each post, and their images and videos. */
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

  app.get('/', (_request, reply) => reply.headers(pageHeaders).send(page));
  app.get<{ Params: { platform: string; id: string } }>('/_sandbox/view/:platform/:id', (request, reply) => {
    const { platform: name, id } = request.params;
    const platform = platforms.find((candidate) => candidate.id === name);
    const post = platform && world.posts.shelf(name).find(id);
    const host = platform ?? { id: name, name, colour: '#64748b' };
    const shown = postPage(host, post, { images: world.images, now: world.now() });
    return reply.code(shown.status).headers(shown.headers).send(shown.body);
  });
  app.get<{ Params: { id: string } }>('/_sandbox/media/:id', (request, reply) => {
    const image = world.images.find(request.params.id);
    if (!image) return reply.code(404).send({ error: 'no such file; the oldest are forgotten first' });
    return reply
      .headers({
        'content-type': image.type,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
      })
      .send(image.bytes);
  });
}
