import { secondsSinceHeartbeat, storeOfWorkers, type Context } from '@solospark/domain';
import { Type } from 'typebox';
import type { App } from '../http/types.ts';

const Liveness = Type.Object({ status: Type.Literal('ok') }, { title: 'Liveness' });
const UpOrDown = Type.Union([Type.Literal('up'), Type.Literal('down')]);
const STORE_STATES = ['up', 'away', 'full', 'read_only'] as const;
const Readiness = Type.Object(
  {
    status: Type.Union([Type.Literal('ready'), Type.Literal('degraded'), Type.Literal('unavailable')]),
    database: UpOrDown,
    queue: UpOrDown,
    worker: UpOrDown,
    workerSecondsAgo: Type.Union([Type.Number(), Type.Null()]),
    store: Type.Enum(STORE_STATES, { description: 'The media store, as this API sees it' }),
    workerStore: Type.Union([Type.Enum(STORE_STATES), Type.Null()], {
      description: 'The same, the worst state that any worker reports; null: no worker is alive',
    }),
  },
  { title: 'Readiness' },
);

/** Three missed heartbeats of a worker. */
const WORKER_SILENT_AFTER_SECONDS = 15;

export function healthRoutes(app: App, ctx: Context): void {
  app.get(
    '/health/live',
    {
      logLevel: 'silent',
      schema: {
        tags: ['Health'],
        operationId: 'live',
        summary: 'Is the process alive?',
        security: [],
        response: { 200: Liveness },
      },
    },
    () => ({ status: 'ok' as const }),
  );

  app.get(
    '/health/ready',
    {
      logLevel: 'silent',
      schema: {
        tags: ['Health'],
        operationId: 'ready',
        summary:
          'Can the API work? Degraded: it takes requests, but the queue, a worker or the media store is unavailable',
        security: [],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const [queueUp, store, heartbeat] = await Promise.all([
        ctx.queues.isReachable(),
        ctx.files.state(),
        workersSeen(ctx).catch(() => undefined),
      ]);
      const { seconds = null, workerStore = null } = heartbeat ?? {};
      const workerUp = seconds !== null && seconds < WORKER_SILENT_AFTER_SECONDS;
      const readiness = {
        status: !heartbeat
          ? ('unavailable' as const)
          : queueUp && workerUp && store === 'up' && (workerStore ?? 'up') === 'up'
            ? ('ready' as const)
            : ('degraded' as const),
        database: upOrDown(heartbeat !== undefined),
        queue: upOrDown(queueUp),
        worker: upOrDown(workerUp),
        workerSecondsAgo: seconds,
        store,
        workerStore,
      };
      return reply.code(heartbeat ? 200 : 503).send(readiness);
    },
  );
}

async function workersSeen(ctx: Context) {
  const [seconds, workerStore] = await Promise.all([
    secondsSinceHeartbeat(ctx.db),
    storeOfWorkers(ctx.db, WORKER_SILENT_AFTER_SECONDS),
  ]);
  return { seconds, workerStore };
}

function upOrDown(up: boolean): 'up' | 'down' {
  return up ? 'up' : 'down';
}
