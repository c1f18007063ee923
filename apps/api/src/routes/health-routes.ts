import { secondsSinceHeartbeat, type Context } from '@solospark/domain';
import { Type } from 'typebox';
import type { App } from '../http/types.ts';

const UpOrDown = Type.Union([Type.Literal('up'), Type.Literal('down')]);
const Readiness = Type.Object(
  {
    status: Type.Union([Type.Literal('ready'), Type.Literal('degraded'), Type.Literal('unavailable')]),
    database: UpOrDown,
    queue: UpOrDown,
    worker: UpOrDown,
    workerSecondsAgo: Type.Union([Type.Number(), Type.Null()]),
  },
  { title: 'Readiness' },
);

/** Three missed heartbeats. */
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
        response: { 200: Type.Object({ status: Type.Literal('ok') }) },
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
        summary: 'Can it do its work? Degraded: it takes requests, but queue or worker is away',
        security: [],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const [queueUp, heartbeat] = await Promise.all([
        ctx.queues.isReachable(),
        secondsSinceHeartbeat(ctx.db).then(
          (seconds) => ({ seconds }),
          () => undefined,
        ),
      ]);
      const seconds = heartbeat?.seconds ?? null;
      const workerUp = seconds !== null && seconds < WORKER_SILENT_AFTER_SECONDS;
      const readiness = {
        status: !heartbeat
          ? ('unavailable' as const)
          : queueUp && workerUp
            ? ('ready' as const)
            : ('degraded' as const),
        database: upOrDown(heartbeat !== undefined),
        queue: upOrDown(queueUp),
        worker: upOrDown(workerUp),
        workerSecondsAgo: seconds,
      };
      return reply.code(heartbeat ? 200 : 503).send(readiness);
    },
  );
}

function upOrDown(up: boolean): 'up' | 'down' {
  return up ? 'up' : 'down';
}
