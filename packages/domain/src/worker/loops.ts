import { sleep } from '@solospark/foundation';
import type { Context } from '../context.ts';

/** What a process does again and again, whatever else it does. */
export interface Loop {
  name: string;
  /** From the end of one round to the beginning of the next. */
  everyMs: number;
  /** One round, which may be repeated. `signal` aborts when the process stops. */
  run: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Runs all of them now, and each again after its time, independently of each other. A round that throws is logged once, however
 * often it throws, and tried again at its next time.
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
    /** Begins nothing new; resolves when the rounds under way have ended. */
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
