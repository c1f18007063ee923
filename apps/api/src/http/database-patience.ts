import { Patience, withPatience } from '@solospark/db';
import type { FastifyRequest } from 'fastify';
import type { App } from './types.ts';

/** A restart of PostgreSQL takes less, and few clients wait longer for an answer. */
export const DATABASE_PATIENCE_MS = 5_000;

const patienceOf = new WeakMap<FastifyRequest, Patience>();

/**
 * Limits how long one request waits for an unreachable database or a locked table: `totalMs` in total, over all its use
 * cases and retries. Only time spent in the database counts, so a slow upload does not use it up.
 */
export function limitWaiting(app: App, totalMs: number): void {
  app.addHook('onRequest', async (request) => {
    patienceOf.set(request, new Patience({ totalMs }));
  });
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = function (request, reply) {
      return patiently(request, () => handler.call(this, request, reply));
    };
  });
}

/** Applies the limit to database calls made before the route's handler, in hooks. */
export function patiently<T>(request: FastifyRequest, fn: () => T): T {
  const patience = patienceOf.get(request);
  return patience ? withPatience(patience, fn) : fn();
}
