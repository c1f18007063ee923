import { setTimeout as delay } from 'node:timers/promises';
import { during, type Record } from './record.ts';
import type { FaultEvent } from './schedule-faults.ts';
import type { ChaosStack } from './stack.ts';

/** Causes each scheduled fault at its time; resolves when the last one is over. */
export async function carryOutFaults(
  stack: ChaosStack,
  events: FaultEvent[],
  options: { startedAt: number; record: Record; workerExtra: { [name: string]: string } },
): Promise<void> {
  const { record } = options;
  await Promise.all(
    events.map(async (event) => {
      await delay(Math.max(0, options.startedAt + event.atMs - Date.now()));
      const note = event.kind === 'platform' ? `platform ${event.target.split(': ')[1]}` : event.kind;
      try {
        await during(record, note, event.target, () => carryOut(stack, event, options.workerExtra));
      } catch (error) {
        record.log(`${event.kind} on ${event.target}: ${String(error)}`);
      }
    }),
  );
}

async function carryOut(
  stack: ChaosStack,
  event: FaultEvent,
  workerExtra: { [name: string]: string },
): Promise<void> {
  const { kind, forMs } = event;
  const worker = stack.workers[event.index];
  const api = stack.apis[event.index];
  switch (kind) {
    case 'kill-worker':
      return worker?.kill(forMs);
    case 'pause-worker':
      return worker?.pause(forMs);
    case 'restart-worker':
      return worker?.restart();
    case 'skew-worker':
      await worker?.restart({ ...workerExtra, CHAOS_CLOCK_OFFSET_MS: String(event.skewMs) });
      await delay(forMs);
      return worker?.restart(workerExtra);
    case 'kill-api':
      return api?.kill(forMs);
    case 'pause-api':
      return api?.pause(forMs);
    case 'restart-api':
      return api?.restart();
    case 'flush-redis':
      return stack.redis?.flush();
    case 'stop-redis':
    case 'empty-redis':
      await stack.redis?.down();
      await delay(forMs);
      return stack.redis?.up({ empty: kind === 'empty-redis' });
    case 'restart-postgres':
      return stack.postgres.restart('fast', forMs);
    case 'crash-postgres':
      return stack.postgres.restart('immediate', forMs);
    case 'slow-platform':
      await stack.sandbox('POST', '/latency', event.platform);
      await delay(forMs);
      await stack.sandbox('POST', '/latency', { ...event.platform, ms: 30 });
      return;
    case 'server-down': {
      const server = stack.servers[event.index];
      await server?.down(event.outage ?? 'refuse');
      await delay(forMs);
      return server?.up();
    }
    case 'store-hangs':
      stack.store.hang();
      await delay(forMs);
      return stack.store.comeBack();
    case 'platform':
      await stack.sandbox('POST', '/faults', event.platform);
      return;
  }
}
