import { Patience, withPatience } from '@solospark/db';
import type { FastifyRequest } from 'fastify';
import type { App } from './types.ts';

/** PostgreSQL restarts in less; and whoever waits longer than this for an answer has given up. */
export const DATABASE_PATIENCE_MS = 5_000;

const patienceOf = new WeakMap<FastifyRequest, Patience>();

/**
 * A database that is away, or a table that is locked, makes a request wait `totalMs` and no more: whatever its route asks
 * for, and however many use cases it calls. Only the time that the database takes counts, so an upload may take as long as it
 * needs.
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

/** For what asks the database before the route does. */
export function patiently<T>(request: FastifyRequest, fn: () => T): T {
  const patience = patienceOf.get(request);
  return patience ? withPatience(patience, fn) : fn();
}
