import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { PUBLISH_PATH, numberOf } from './contract.ts';

// The platform of the bench: it answers a text post as LinkedIn does, after a fixed time, and records when each call arrived. It is
// the same for all contestants, and all arrivals are measured by its clock.

const answerMs = Number(process.env['ANSWER_MS'] ?? 50);
let arrivals: [number: number, at: number][] = [];
/** How many of the next calls get no answer and are not recorded, as if they had never arrived. */
let hangs = 0;

const server = createServer((request, response) => {
  const at = Date.now();
  const { method, url = '' } = request;
  if (method === 'POST' && url === PUBLISH_PATH) return void publish(request, response, at);
  if (method === 'GET' && url === '/arrivals') return answer(response, 200, arrivals);
  if (method === 'GET' && url === '/arrivals/count') return answer(response, 200, arrivals.length);
  if (method === 'DELETE' && url === '/arrivals') {
    arrivals = [];
    return answer(response, 200, 0);
  }
  if (method === 'POST' && url === '/hang-next') return answer(response, 200, (hangs = 1));
  answer(response, 404, { message: `there is no ${method} ${url}` });
});

async function publish(request: IncomingMessage, response: ServerResponse, at: number): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { commentary } = JSON.parse(Buffer.concat(chunks).toString()) as { commentary: string };
  const number = numberOf(commentary);
  if (hangs > 0) {
    hangs -= 1;
    return;
  }
  arrivals.push([number, at]);
  setTimeout(
    () => response.writeHead(201, { 'x-restli-id': `urn:li:share:${number}` }).end(),
    answerMs - (Date.now() - at),
  );
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

// Longer than the pause between two requests, so that no connection is closed while a request is sent on it.
server.keepAliveTimeout = 120_000;
server.listen(Number(process.env['PORT']), '127.0.0.1', 2048, () => process.send?.('ready'));
process.once('SIGTERM', () => process.exit(0));
