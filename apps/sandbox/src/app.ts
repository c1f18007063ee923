import { systemClock, type Clock, type Logger } from '@solospark/foundation';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
} from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { setMaxListeners } from 'node:events';
import { registerControl } from './control/routes.ts';
import { registerFeed } from './feed/routes.ts';
import { readJson } from './json-body.ts';
import { mountPlatform } from './platforms/mount.ts';
import { platforms } from './platforms/registry.ts';
import { createWorld } from './world/world.ts';

const bodyLimitBytes = 20 * 1024 * 1024;

/**
 * Builds the stand-in for the platforms, without listening: each platform under its own prefix, the control API under
 * `/_sandbox`, and a feed of all public posts at `/`. Each call has its own state, which is gone when the app closes.
 */
export function buildSandbox(options: { clock?: Clock; log?: Logger } = {}): FastifyInstance {
  const loggerInstance: FastifyBaseLogger | undefined = options.log;
  const app = Fastify({
    ...(loggerInstance ? { loggerInstance } : { logger: false }),
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    // A line per request would hide the log lines of the control API.
    logController: new LogController({ disableRequestLogging: true }),
  });
  readJson(app);
  const closing = new AbortController();
  // Each delayed answer adds a listener, and there may be any number of them.
  setMaxListeners(0, closing.signal);
  app.addHook('preClose', async () => closing.abort());

  const world = createWorld({ clock: options.clock ?? systemClock, closing: closing.signal });
  for (const platform of platforms) {
    const mount = scoped(platform.id, async (scope) => mountPlatform(scope, platform, world));
    app.register(mount, { prefix: `/${platform.id}` });
  }
  app.register(
    scoped('control', async (scope) => registerControl(scope, world)),
    { prefix: '/_sandbox' },
  );
  app.register(scoped('feed', async (scope) => registerFeed(scope, world)));
  return app;
}

/** Fastify compares a plugin without a name with every module that is loaded. */
function scoped(name: string, plugin: FastifyPluginAsync): FastifyPluginAsync {
  return fastifyPlugin(plugin, { name, encapsulate: true });
}
