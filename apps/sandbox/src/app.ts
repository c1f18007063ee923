import { systemClock, type Clock, type Logger } from '@solospark/foundation';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { setMaxListeners } from 'node:events';
import { registerControl } from './control/routes.ts';
import { registerFeed } from './feed/routes.ts';
import { readJson } from './json-body.ts';
import { mountPlatform } from './platforms/mount.ts';
import { platforms } from './platforms/registry.ts';
import { createWorld } from './world/world.ts';

const bodyLimitBytes = 20 * 1024 * 1024;

/**
 * The stand-in for the platforms: each under its own prefix with its own paths, the control side under `/_sandbox`,
 * and a feed of everything public at `/`. One call, one world of its own; nothing outlives it. Does not listen yet.
 */
export function buildSandbox(options: { clock?: Clock; log?: Logger } = {}): FastifyInstance {
  const loggerInstance: FastifyBaseLogger | undefined = options.log;
  const app = Fastify({
    ...(loggerInstance ? { loggerInstance } : { logger: false }),
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    // One line per call would drown what the control side has to say.
    logController: new LogController({ disableRequestLogging: true }),
  });
  readJson(app);
  const closing = new AbortController();
  // Every answer that is held back listens for it, and there may be any number of those.
  setMaxListeners(0, closing.signal);
  app.addHook('preClose', async () => closing.abort());

  const world = createWorld({ clock: options.clock ?? systemClock, closing: closing.signal });
  for (const platform of platforms) {
    app.register(async (scope) => mountPlatform(scope, platform, world), { prefix: `/${platform.id}` });
  }
  app.register(async (scope) => registerControl(scope, world), { prefix: '/_sandbox' });
  app.register(async (scope) => registerFeed(scope, world));
  return app;
}
