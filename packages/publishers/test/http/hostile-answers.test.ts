import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { createHttpClient, AnswerTooLongError, MAX_ANSWER_BYTES } from '../../src/http.ts';
import type { Asked } from './ask-in-turn.ts';
import { CREATED, drip, flood, serveRaw, type RawServer } from './raw-server.ts';
import { runTypescript } from './run-typescript.ts';

const TIMEOUT_MS = 2_000;
/** For answers that must end because of their size, also on a busy machine. */
const LONG_TIMEOUT_MS = 10_000;
const OK = 'HTTP/1.1 200 OK\r\n';
const PIECE = Buffer.alloc(64 * 1024, 'a');
const CHUNK = Buffer.from(`${PIECE.length.toString(16)}\r\n${PIECE.toString()}\r\n`);
const BOMB = gzipSync(Buffer.alloc(200 * 1024 * 1024));

interface Case {
  answer: (socket: Socket) => void;
  outcome: string;
  message: RegExp;
}

const tooLong = { outcome: 'AnswerTooLongError', message: /longer than \d+ bytes/ };
const timedOut = { outcome: 'NoAnswerError', message: /timed out after 2000 ms/ };

const cases: Record<string, Case> = {
  'a body without an end': {
    answer: (socket) => flood(socket, `${OK}\r\n`, PIECE),
    ...tooLong,
  },
  'chunks without an end': {
    answer: (socket) => flood(socket, `${OK}transfer-encoding: chunked\r\n\r\n`, CHUNK),
    ...tooLong,
  },
  'a content-length of 10 GB': {
    answer: (socket) => flood(socket, `${OK}content-length: 10000000000\r\n\r\n`, PIECE),
    ...tooLong,
  },
  'a status line without an end': {
    answer: (socket) => flood(socket, 'HTTP/1.1 200 ', PIECE),
    ...tooLong,
  },
  'a chunk extension without an end': {
    answer: (socket) => flood(socket, `${OK}transfer-encoding: chunked\r\n\r\n5;`, PIECE),
    ...tooLong,
  },
  'one header without an end': {
    answer: (socket) => flood(socket, `${OK}x: `, PIECE),
    outcome: 'NoAnswerError',
    message: /headers overflow/i,
  },
  'headers without an end': {
    answer: (socket) => flood(socket, OK, 'x-name: value\r\n'.repeat(1_000)),
    outcome: 'NoAnswerError',
    message: /headers overflow/i,
  },
  'a cookie of a megabyte': {
    answer: (socket) => socket.write(`${OK}set-cookie: ${'a'.repeat(1024 * 1024)}\r\n\r\n`),
    outcome: 'NoAnswerError',
    message: /headers overflow/i,
  },
  'trailers without an end': {
    answer: (socket) => flood(socket, `${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x-name: value\r\n'),
    outcome: 'NoAnswerError',
    message: /headers overflow/i,
  },
  'interim answers without an end': {
    answer: (socket) => flood(socket, '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)),
    outcome: 'NoAnswerError',
    message: /interim/,
  },
  'a byte of the body every 100 ms': {
    answer: (socket) => drip(socket, `${OK}content-length: 1000\r\n\r\n`, 'a', 100),
    ...timedOut,
  },
  'a byte of the headers every 100 ms': {
    answer: (socket) => drip(socket, `${OK}x: `, 'a', 100),
    ...timedOut,
  },
  'an interim answer every 300 ms': {
    answer: (socket) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n', 300),
    ...timedOut,
  },
  'a chunk, and then nothing': {
    answer: (socket) => socket.write(`${OK}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n`),
    ...timedOut,
  },
  'no answer': { answer: () => undefined, ...timedOut },
  'a body that decompresses to a thousand times its size': {
    answer: (socket) => {
      socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`);
      socket.write(BOMB);
    },
    outcome: '200',
    message: /^unreadable$/,
  },
  'no HTTP at all': {
    answer: (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
    outcome: 'NoAnswerError',
    message: /HTTP\/1\.1 protocol/,
  },
  'an unknown status': {
    answer: (socket) => socket.write('HTTP/1.1 999 Request denied\r\ncontent-length: 0\r\n\r\n'),
    outcome: 'NoAnswerError',
    message: /status 999/,
  },
  'a connection that ends in the middle': {
    answer: (socket) => socket.end(`${OK}content-length: 100\r\n\r\n{"id":`),
    outcome: 'NoAnswerError',
    message: /./,
  },
  'a connection that is reset in the middle': {
    answer: (socket) => {
      socket.write(`${OK}content-length: 100\r\n\r\n{"id":`, () => socket.resetAndDestroy());
    },
    outcome: 'NoAnswerError',
    message: /./,
  },
  'a switch to another protocol': {
    answer: (socket) => socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    outcome: 'NoAnswerError',
    message: /bad upgrade/,
  },
};

describe('an answer of a hostile server is bounded in time and memory, and never counts as a refusal', () => {
  let server: RawServer;
  const asked = new Map<string, Asked>();

  beforeAll(async () => {
    const byPath = new Map(Object.entries(cases).map(([name, each]) => [pathOf(name), each]));
    server = await serveRaw((socket, path) => {
      const { answer } = byPath.get(path) ?? { answer: (other: Socket) => other.write(CREATED) };
      answer(socket);
    });
    const asks = [...byPath].map(([path, { message }]) => [
      path,
      message === timedOut.message ? TIMEOUT_MS : LONG_TIMEOUT_MS,
    ]);
    const child = runTypescript('ask-in-turn.ts', server.url, JSON.stringify(asks));
    for await (const line of createInterface({ input: child.stdout })) {
      const one = JSON.parse(line) as Asked;
      asked.set(one.path, one);
    }
  }, 180_000);

  afterAll(() => server.close());

  it.each(Object.keys(cases))('%s', (name) => {
    const { outcome, message } = cases[name] as Case;
    const one = asked.get(pathOf(name));
    expect(one).toMatchObject({ outcome });
    expect(one?.message).toMatch(message);
    // The time-out, plus time for a busy machine.
    expect(one?.tookMs).toBeLessThan(LONG_TIMEOUT_MS);
    expect(one?.grewMb).toBeLessThan(100);
  });

  it('leaves no open connection behind', async () => {
    const until = Date.now() + 10_000;
    while (server.openSockets() > 0 && Date.now() < until) await new Promise((next) => setTimeout(next, 50));
    expect(server.openSockets()).toBe(0);
  });
});

describe('an answer', () => {
  const answerOf = (byteSize: number) => (socket: Socket) => {
    const json = JSON.stringify('a'.repeat(byteSize - 2));
    socket.write(`${OK}content-length: ${json.length}\r\n\r\n${json}`);
  };

  it.each([
    [MAX_ANSWER_BYTES, undefined, true],
    [MAX_ANSWER_BYTES + 1, undefined, false],
    [MAX_ANSWER_BYTES + 1, MAX_ANSWER_BYTES + 1, true],
    [101, 100, false],
  ])(
    'of %i bytes with a limit of %s is read to its end, or is an error (%s)',
    async (byteSize, maxAnswerBytes, isRead) => {
      const server = await serveRaw(answerOf(byteSize));
      try {
        const client = createHttpClient({ baseUrl: server.url, timeoutMs: 30_000 });
        const request = { method: 'GET', path: '/', ...(maxAnswerBytes && { maxAnswerBytes }) } as const;
        if (isRead) expect((await client.request(request)).text).toHaveLength(byteSize);
        else await expect(client.request(request)).rejects.toBeInstanceOf(AnswerTooLongError);
      } finally {
        await server.close();
      }
    },
  );

  it('has its own limit, also on a connection that is used again', async () => {
    const server = await serveRaw(answerOf(MAX_ANSWER_BYTES));
    try {
      const client = createHttpClient({ baseUrl: server.url, timeoutMs: 30_000 });
      for (let round = 0; round < 50; round += 1) {
        expect((await client.request({ method: 'GET', path: '/' })).status).toBe(200);
      }
    } finally {
      await server.close();
    }
  });
});

function pathOf(name: string): string {
  return `/${name.replaceAll(/\W+/g, '-')}`;
}
