import { connect } from 'node:net';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startStack, type Life } from './stack.ts';

/** How long any other request may wait while a hostile input is processed. */
const MOST_MS = 200;
const WATCHED_MS = 5_000;

/** `npm run hostile`: sends each hostile input to a real API, and polls its health meanwhile. */
export async function main(_args: string[], life: Life): Promise<number> {
  const { app, url } = await startStack(life, { ALLOW_PRIVATE_SERVERS: 'true' });
  const json = { 'content-type': 'application/json', 'x-api-key': app.apiKey };
  const base = `${url}/organizations/${app.organizationId}`;
  const channelIds = app.channels.map(({ id }) => id);
  const ask = async (method: string, path: string, body: unknown) => {
    const response = await fetch(base + path, {
      method,
      headers: json,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  const schedule = async (text: string) => {
    const draft = JSON.parse((await ask('POST', '/posts', { text, channelIds })).text) as { id: string };
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    return `${(await ask('PUT', `/posts/${draft.id}/schedule`, { scheduledAt })).status}`;
  };
  let asked = 0;
  const endless = createServer((_request, response) => {
    asked += 1;
    const write = () => {
      while (response.writable && response.write('x'.repeat(65_536)));
    };
    response.on('drain', write);
    response.writeHead(200, { 'content-type': 'application/json' });
    write();
  });
  await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
  life.onClose(() => {
    endless.closeAllConnections();
    endless.close();
  });
  const { port: endlessPort } = endless.address() as AddressInfo;

  const inputs: Record<string, () => Promise<string>> = {
    'nothing hostile': () => delay(1_000).then(() => '-'),
    '100,000 letters': () => schedule('a'.repeat(100_000)),
    'a. × 50,000': () => schedule('a.'.repeat(50_000)),
    '日. × 33,000': () => schedule('日.'.repeat(33_000)),
    '100,000 family emoji units': () => schedule('👨‍👩‍👧‍👦'.repeat(5_000)),
    'marks above a letter × 80,000': () => schedule(`a${'\u0301\u0316'.repeat(30_000)}`),
    '60,000 wrong ids': async () => {
      const { status, text } = await ask('POST', '/posts', { text: 'a', channelIds: Array(120_000).fill(1) });
      return `${status}, ${text.length} bytes`;
    },
    '120,000 wrong ids without a key': async () => {
      const response = await fetch(`${url}/connections/start`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ state: Array(120_000).fill(1) }),
      });
      return `${response.status}, ${(await response.text()).length} bytes`;
    },
    'four uploads of a crafted MP4': async () => {
      const answers = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const form = new FormData();
          form.append('file', new Blob([craftedMp4()]), 'a.mp4');
          const response = await fetch(`${base}/media`, {
            method: 'POST',
            headers: { 'x-api-key': app.apiKey },
            body: form,
            signal: AbortSignal.timeout(170_000),
          });
          return response.status;
        }),
      );
      return [...new Set(answers)].join(', ');
    },
    'a server of the author’s with an endless body': async () => {
      const server = `http://127.0.0.1:${endlessPort}`;
      const { status, text } = await ask('POST', '/connections', { platform: 'mastodon', server });
      return asked > 0 ? `${status}` : `it was not asked: ${text}`;
    },
    'one hundred bodies, a byte a second': async () => {
      const sockets = Array.from({ length: 100 }, () => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(
          `POST /organizations/${app.organizationId}/posts HTTP/1.1\r\nhost: a\r\nx-api-key: ${app.apiKey}\r\n` +
            'content-type: application/json\r\ncontent-length: 1000\r\n\r\n',
        );
        return socket;
      });
      for (let second = 0; second < 5; second += 1) {
        for (const socket of sockets) socket.write('a');
        await delay(1_000);
      }
      for (const socket of sockets) socket.destroy();
      return '-';
    },
  };

  let worst = 0;
  for (const [name, play] of Object.entries(inputs)) {
    const controller = new AbortController();
    const watching = watch(url, controller.signal);
    const outcome = await Promise.race([
      play().catch(String),
      delay(180_000).then(() => 'no answer in three minutes'),
    ]);
    await delay(Math.min(500, WATCHED_MS));
    controller.abort();
    const latency = await watching;
    worst = Math.max(worst, latency);
    process.stdout.write(
      `${name.padEnd(48)} ${outcome.padEnd(24)} /health/live at most ${latency.toFixed(0)} ms\n`,
    );
    if (life.signal.aborted) return 130;
  }
  return worst <= MOST_MS ? 0 : 1;
}

/** Polls the URL until aborted, and returns the longest time that one answer took. */
async function watch(url: string, signal: AbortSignal): Promise<number> {
  let worst = 0;
  while (!signal.aborted) {
    const asked = performance.now();
    await (await fetch(`${url}/health/live`)).arrayBuffer();
    worst = Math.max(worst, performance.now() - asked);
    await delay(20);
  }
  return worst;
}

/** A video of a few hundred bytes whose time-to-sample table claims four billion frames. */
function craftedMp4(): Buffer {
  const box = (type: string, ...content: Buffer[]) => {
    const body = Buffer.concat(content);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length + 8);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, body]);
  };
  const words = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
    return bytes;
  };
  const identity = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
  const entry = Buffer.alloc(78);
  entry.writeUInt16BE(1, 6);
  entry.writeUInt16BE(640, 24);
  entry.writeUInt16BE(480, 26);
  const stbl = box(
    'stbl',
    box('stsd', words(0, 1), box('avc1', entry, box('avcC', Buffer.from('0164001fffe1000067640001', 'hex')))),
    box('stts', words(0, 1, 0xffff_ffff, 1)),
    // Without a ctts box the frames are not listed at all.
    box('ctts', words(0, 1, 1, 0)),
    box('stsc', words(0, 1, 1, 1, 1)),
    box('stsz', words(0, 1, 0xffff_ffff)),
    box('stco', words(0, 1, 32)),
  );
  const minf = box(
    'minf',
    box('vmhd', words(1, 0, 0)),
    box('dinf', box('dref', words(0, 1), box('url ', words(1)))),
    stbl,
  );
  const hdlr = box('hdlr', words(0, 0), Buffer.from('vide'), words(0, 0, 0), Buffer.from('\0'));
  const mdia = box('mdia', box('mdhd', words(0, 0, 0, 1_000, 10_000, 0x55c40000)), hdlr, minf);
  const tkhd = box('tkhd', words(3, 0, 0, 1, 0, 10_000, 0, 0, 0, 0, ...identity, 640 << 16, 480 << 16));
  const mvhd = box(
    'mvhd',
    words(0, 0, 0, 1_000, 10_000, 0x10000, 0x1000000, 0, 0, ...identity, 0, 0, 0, 0, 0, 0, 2),
  );
  return Buffer.concat([
    box('ftyp', Buffer.from('isom'), words(512), Buffer.from('isommp42')),
    box('mdat', Buffer.alloc(64)),
    box('moov', mvhd, box('trak', tkhd, mdia)),
  ]);
}
