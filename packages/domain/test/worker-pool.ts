import { claimDeliveries, renewLeases } from '../src/delivery/claim.repository.ts';
import { publishDelivery } from '../src/delivery/publish-delivery.ts';
import type { Context } from '../src/context.ts';
import type { WorkerPoolOptions } from '../src/worker/worker-pool.ts';

/** The options of a worker's pool for X, of which a test replaces some. */
export function poolOf(ctx: Context): WorkerPoolOptions {
  return {
    platforms: [{ id: 'x', manyServers: false }],
    concurrency: 10,
    claim: (request) => claimDeliveries(ctx.db, request, 'test'),
    publish: (claim, control) => publishDelivery(ctx, claim, control),
    renew: (claims) => renewLeases(ctx.db, claims),
    clock: ctx.clock,
    log: ctx.log,
  };
}
