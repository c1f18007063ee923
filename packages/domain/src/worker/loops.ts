import { sleep } from '@solospark/foundation';
import type { Context } from '../context.ts';

/** Something that a process repeats until it stops. */
export interface Loop {
  name: string;
  /** From the end of one round to the start of the next. */
  everyMs: number;
  /** One round; it is idempotent. `signal` aborts when the process stops. */
  run: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Starts all loops now; each repeats independently of the others. A round that throws is tried again at its next time, and
 * repeated failures are logged once.
 */
export function startLoops(ctx: Pick<Context, 'log'>, loops: Loop[]): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function runForever({ name, everyMs, run }: Loop): Promise<void> {
    let failing = false;
    while (!signal.aborted) {
      try {
        await run(signal);
        if (failing) ctx.log.info({ loop: name }, 'loop recovered');
        failing = false;
      } catch (error) {
        if (!failing) ctx.log.error({ err: error, loop: name }, 'loop cannot work, keeps trying');
        failing = true;
      }
      await sleep(everyMs, signal);
    }
  }

  const running = Promise.all(loops.map(runForever));
  return {
    /** Starts no new round; resolves when the running rounds have ended. */
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
