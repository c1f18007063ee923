import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { CREATED, drip, serveRaw } from './raw-server.ts';
import { runTypescript } from './run-typescript.ts';

const TIMEOUT_MS = 1_000;
const FROZEN_MS = 3_000;

/** The result of a process that is frozen when its request arrives, for longer than its time-out. */
async function askWhileFrozen(answer: (socket: Socket) => void) {
  const server = await serveRaw((socket, path) => {
    if (path === '/warm-up') return void socket.write(CREATED);
    child.kill('SIGSTOP');
    setTimeout(() => answer(socket), 200);
    setTimeout(() => child.kill('SIGCONT'), FROZEN_MS);
  });
  const child = runTypescript('ask-while-frozen.ts', server.url, String(TIMEOUT_MS), '/create');
  try {
    const pieces = await child.stdout.toArray();
    return JSON.parse(Buffer.concat(pieces as Buffer[]).toString()) as {
      status?: number;
      byteSize?: number;
      error?: string;
      message?: string;
      tookMs: number;
    };
  } finally {
    child.kill('SIGKILL');
    await server.close();
  }
}

const LONG = 'a'.repeat(1_000_000);
const cases: Record<string, (socket: Socket) => void> = {
  answered: (socket) => socket.write(CREATED),
  'answered and closed': (socket) => socket.end(CREATED),
  'answered at length': (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${LONG.length}\r\n\r\n${LONG}`),
  'not answered': () => undefined,
  'answered in part': (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx: ', 'a', 50),
};

describe('a process that was frozen past the time-out of its call', () => {
  let told: Record<string, Awaited<ReturnType<typeof askWhileFrozen>>>;
  beforeAll(async () => {
    const entries = Object.entries(cases).map(
      async ([name, answer]) => [name, await askWhileFrozen(answer)] as const,
    );
    told = Object.fromEntries(await Promise.all(entries));
  }, 120_000);

  it('reads the answer that came meanwhile instead of reporting a time-out', () => {
    expect(told['answered']).toMatchObject({ status: 201 });
  });

  it('reads it even if the server has closed the connection since', () => {
    expect(told['answered and closed']).toMatchObject({ status: 201 });
  });

  it('reads a long answer to its end, including the part that is sent later', () => {
    expect(told['answered at length']).toMatchObject({ byteSize: LONG.length });
  });

  it.each(['not answered', 'answered in part'])('times out soon if it was %s', (name) => {
    expect(told[name]).toMatchObject({
      error: 'NoAnswerError',
      message: expect.stringContaining('timed out'),
    });
    expect(told[name]?.tookMs).toBeLessThan(FROZEN_MS + 5_000);
  });
});
