import { setTimeout as delay } from 'node:timers/promises';
import { reservePort } from '../../test/chaos/servers.ts';
import { benchScript, startChild, type Child } from '../child.ts';

export interface Arrival {
  number: number;
  at: number;
}

export interface Platform {
  /** The value for SANDBOX_URL. */
  url: string;
  forget(): Promise<void>;
  /** The next public call gets no answer and publishes nothing. */
  hangNext(): Promise<void>;
  /** How many public calls have arrived. */
  count(): Promise<number>;
  /** Resolves a little after `expected` public calls have arrived, so that a double call is seen. */
  waitFor(expected: number, options: { untilMs: number; signal: AbortSignal }): Promise<Arrival[]>;
  end(): Promise<void>;
}

const LOOK_EVERY_MS = 100;
const DOUBLES_WITHIN_MS = 300;

export async function startPlatform(options: { answerMs: number; logs: string }): Promise<Platform> {
  const port = await reservePort();
  const url = `http://127.0.0.1:${port}`;
  const child: Child = await startChild({
    name: 'platform',
    script: benchScript('platform/stand-in'),
    env: { PORT: String(port), ANSWER_MS: String(options.answerMs) },
    logs: options.logs,
  });
  const ask = async (method: string, path: string): Promise<unknown> =>
    (await fetch(`${url}${path}`, { method })).json();
  const count = async () => Number(await ask('GET', '/arrivals/count'));
  return {
    url,
    async forget() {
      await ask('DELETE', '/arrivals');
    },
    async hangNext() {
      await ask('POST', '/hang-next');
    },
    count,
    async waitFor(expected, { untilMs, signal }) {
      while ((await count()) < expected && Date.now() < untilMs) {
        await delay(LOOK_EVERY_MS, undefined, { signal });
      }
      await delay(DOUBLES_WITHIN_MS, undefined, { signal });
      const arrivals = (await ask('GET', '/arrivals')) as [number, number][];
      return arrivals.map(([number, at]) => ({ number, at }));
    },
    end: () => child.end('SIGTERM'),
  };
}
