import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSandbox } from '@solospark/sandbox';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test checks the body that it expects
  json: any;
}

export interface SentRequest {
  method?: string;
  account?: string;
  token?: string;
  headers?: Record<string, string>;
  json?: unknown;
  body?: RequestInit['body'];
  form?: Record<string, string>;
  redirect?: RequestInit['redirect'];
  timeoutMs?: number;
}

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

/** A sandbox that listens on a free port. */
export async function startSandbox() {
  const app = buildSandbox();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });

  async function send(path: string, request: SentRequest = {}): Promise<Reply> {
    const token = request.token ?? (request.account === undefined ? undefined : `sandbox-${request.account}`);
    const form = request.form && new URLSearchParams(request.form);
    const body = request.json === undefined ? (form ?? request.body) : JSON.stringify(request.json);
    const response = await fetch(path.startsWith('http') ? path : `${url}${path}`, {
      method: request.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(request.json !== undefined && { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(body !== undefined && { body }),
      ...(request.redirect !== undefined && { redirect: request.redirect }),
      ...(request.timeoutMs !== undefined && { signal: AbortSignal.timeout(request.timeoutMs) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }

  const control = (path: string, json?: unknown) =>
    send(`/_sandbox/${path}`, json === undefined ? {} : { json });
  return {
    url,
    send,
    control,
    close: () => app.close(),
    idOf: async (platform: string, account: string): Promise<string> =>
      (await control(`accounts/${platform}/${account}`)).json.id,
    publicPosts: async (platform: string, account: string) =>
      (await control(`posts?platform=${platform}&account=${account}`)).json.posts,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Polls until the condition is true; Jest's timeout ends a wait that never succeeds. */
export async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The first bytes of each format, for code that detects the type by content. */
export const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from('a small picture')]);
export const png = Buffer.concat([
  Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  Buffer.from('a small picture'),
]);

/** The same for an MP4; `name` makes files different. */
export const mp4 = (name = 'a small film') =>
  Buffer.concat([Buffer.from('\0\0\0\x18ftypisom', 'latin1'), Buffer.from(name)]);

/** A GIF header with its size. */
export function gif(width = 64, height = 48): Buffer {
  const head = Buffer.from('GIF89a----', 'latin1');
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  return head;
}

/** A JPEG up to its frame header, which has the size. */
function jpegOf(width: number, height: number): Buffer {
  const frame = Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  frame.writeUInt16BE(height, 7);
  frame.writeUInt16BE(width, 9);
  return frame;
}

/** A box of an MP4, with its length and type. */
function boxOf(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

/** An MP4 or MOV with only its brand and its duration. */
export function videoOf(
  durationMs: number | null,
  brand = 'isom',
  table: 'first' | 'last' = 'first',
): Buffer {
  const header = Buffer.alloc(100);
  header.writeUInt32BE(1_000, 12);
  header.writeUInt32BE(durationMs ?? 0, 16);
  const media = boxOf('mdat', Buffer.from('some pictures'));
  const tables = durationMs === null ? [] : [boxOf('moov', boxOf('mvhd', header))];
  return Buffer.concat([
    boxOf('ftyp', Buffer.from(`${brand}\0\0\0\0${brand}`, 'latin1')),
    ...(table === 'first' ? [...tables, media] : [media, ...tables]),
  ]);
}

/**
 * A web server for Instagram's fetches: `/photo.jpg` and more with a text in their bytes, so that they can
 * be told apart, pictures of certain shapes, `/drawing.png`, `/huge.jpg`, some videos, and 404 for the rest.
 */
export async function startWeb() {
  const files: Record<string, Buffer> = {
    '/photo.jpg': jpeg,
    ...Object.fromEntries(
      [...'abcdefghijk'].map((name) => [`/${name}.jpg`, Buffer.concat([jpeg, Buffer.from(name)])]),
    ),
    '/4x5.jpg': jpegOf(1080, 1350),
    '/3x4.jpg': jpegOf(1080, 1440),
    '/taller.jpg': jpegOf(1080, 1480),
    '/191x100.jpg': jpegOf(1910, 1000),
    '/wider.jpg': jpegOf(1920, 1000),
    '/drawing.png': png,
    '/clip.mp4': videoOf(10_000),
    '/clip.mov': videoOf(10_000, 'qt  '),
    '/table-last.mp4': videoOf(10_000, 'isom', 'last'),
    '/blink.mp4': videoOf(2_900),
    '/minute.mp4': videoOf(60_000),
    '/longer.mp4': videoOf(61_000),
    '/film.mp4': videoOf(901_000),
    '/timeless.mp4': videoOf(null),
    '/picture.heic': videoOf(null, 'heic'),
    '/large.mp4': Buffer.concat([videoOf(10_000), Buffer.alloc(101 * 1024 * 1024)]),
    '/huge.jpg': Buffer.concat([jpeg, Buffer.alloc(8 * 1024 * 1024)]),
  };
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (file) response.end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The headers that LinkedIn requires on calls under `/rest`, with the version of this month. */
export const restHeaders = {
  'linkedin-version': new Date().toISOString().slice(0, 7).replace('-', ''),
  'x-restli-protocol-version': '2.0.0',
};

/** A LinkedIn post with only text. */
export const linkedinPost = (author: string, commentary: string, content?: unknown) => ({
  author,
  commentary,
  visibility: 'PUBLIC',
  distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
  lifecycleState: 'PUBLISHED',
  isReshareDisabledByAuthor: false,
  ...(content !== undefined && { content }),
});

let lastTid = 0;
/** A new, rising record key: thirteen digits of Bluesky's base 32. */
export function tid(): string {
  lastTid += 1;
  const digits = '234567abcdefghijklmnopqrstuvwxyz';
  return `3k${'2'.repeat(9)}${digits[Math.floor(lastTid / 32)]}${digits[lastTid % 32]}`;
}

/** A Bluesky post with only text. */
export const blueskyPost = (text: string) => ({
  $type: 'app.bsky.feed.post',
  text,
  createdAt: '2026-11-22T10:00:00.000Z',
});

/** The body of a `putRecord` with a new key. */
export const putRecord = (repo: string, record: unknown) => ({
  repo,
  collection: 'app.bsky.feed.post',
  rkey: tid(),
  record,
});
