// A process that the test stops and continues with signals: `ask-while-frozen.ts <origin> <timeoutMs> <path>`.
import { createHttpClient } from '../../src/http.ts';

const [origin = '', timeoutMs, path = '/'] = process.argv.slice(2);
const client = createHttpClient({ baseUrl: origin, timeoutMs: Number(timeoutMs) });
// Loads everything and connects, so that the next request is sent at once.
await client.request({ method: 'GET', path: '/warm-up', timeoutMs: 30_000 });
const from = performance.now();
const outcome = await client.request({ method: 'POST', path, json: {} }).then(
  ({ status, text }) => ({ status, byteSize: text.length }),
  (error: unknown) => ({ error: (error as Error).name, message: (error as Error).message }),
);
process.stdout.write(JSON.stringify({ ...outcome, tookMs: performance.now() - from }));
