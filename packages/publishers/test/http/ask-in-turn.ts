// A separate process, so that its memory can be measured: `ask-in-turn.ts <origin> <JSON of [path, timeoutMs][]>` makes the
// requests sequentially and writes a line about each.
import { createHttpClient } from '../../src/http.ts';

export interface Asked {
  path: string;
  outcome: string;
  message: string;
  tookMs: number;
  /** How much the peak memory of this process has grown. */
  grewMb: number;
}

const [origin = '', asks = '[]'] = process.argv.slice(2);
const client = createHttpClient({ baseUrl: origin, timeoutMs: 30_000 });
// The first request loads modules, which must not count.
await client.request({ method: 'GET', path: '/warm-up' });
for (const [path, timeoutMs] of JSON.parse(asks) as [string, number][]) {
  const from = performance.now();
  const before = process.resourceUsage().maxRSS;
  const { outcome, message } = await client.request({ method: 'POST', path, json: {}, timeoutMs }).then(
    ({ status, json }) => ({ outcome: `${status}`, message: JSON.stringify(json) ?? 'unreadable' }),
    (error: unknown) => ({ outcome: (error as Error).name, message: (error as Error).message }),
  );
  const asked: Asked = {
    path,
    outcome,
    message,
    tookMs: Math.round(performance.now() - from),
    grewMb: Math.round((process.resourceUsage().maxRSS - before) / 1024),
  };
  process.stdout.write(`${JSON.stringify(asked)}\n`);
}
