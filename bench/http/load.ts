import { Agent, request as send } from 'node:http';
import { percentile } from '../measures/statistics.ts';

// The load generator, as its own process: each connection sends the next request as soon as it has an answer.

export interface Load {
  port: number;
  method: 'POST' | 'PUT';
  headers: { [name: string]: string };
  connections: number;
  warmUpMs: number;
  measureMs: number;
  /** `:id` is replaced by the next of `ids`. */
  path: string;
  ids: string[];
  /** `:instant` is replaced by a time in a month; it changes whenever `ids` starts again. */
  body: string;
}

export interface LoadResult {
  perSecond: number;
  p50: number;
  p99: number;
  max: number;
  errors: string[];
}

const MONTH_MS = 30 * 24 * 3_600_000;

process.on('message', (load: Load) => void run(load).then((result) => process.send?.(result)));
process.once('SIGTERM', () => process.exit(0));
// Keeps the process alive until the message arrives.
process.channel?.ref();
process.send?.('ready');

async function run(load: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const errors: string[] = [];
  const times: number[] = [];
  const from = performance.now() + load.warmUpMs;
  const until = from + load.measureMs;
  const startMs = Date.now() + MONTH_MS;
  let next = 0;
  const connections = Array.from({ length: load.connections }, async () => {
    while (performance.now() < until && errors.length === 0) {
      const index = next;
      next += 1;
      const pass = Math.floor(index / Math.max(1, load.ids.length));
      const path = load.path.replace(':id', load.ids[index % load.ids.length] ?? '');
      const body = load.body.replace(':instant', new Date(startMs + pass * 60_000).toISOString());
      const began = performance.now();
      const answer = await ask(agent, load, path, body);
      const ended = performance.now();
      if (answer.status >= 300) errors.push(`${path}: ${answer.status} ${answer.text}`);
      else if (began >= from && ended <= until) times.push(ended - began);
    }
  });
  await Promise.all(connections);
  agent.destroy();
  return {
    perSecond: times.length / (load.measureMs / 1_000),
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    max: percentile(times, 1),
    errors,
  };
}

function ask(
  agent: Agent,
  { port, method, headers }: Load,
  path: string,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const all = { ...headers, 'content-type': 'application/json', 'content-length': length };
    const request = send({ agent, host: '127.0.0.1', port, method, path, headers: all }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.once('error', reject);
    });
    request.once('error', reject);
    request.end(body);
  });
}
