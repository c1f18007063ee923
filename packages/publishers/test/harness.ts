import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { createLogger } from '@solospark/foundation';
import { createHttpClient, type HttpClient, type HttpRequest } from '../src/http.ts';
import type { DraftMedia, Settings } from '../src/draft.ts';
import type {
  PrepareOutcome,
  PublishCall,
  Publisher,
  PublishMedia,
  PublishOutcome,
  LookUpOutcome,
  Evidence,
} from '../src/publisher.ts';
import { jpegDraft, videoDraft } from './answers.ts';
import { factsOf } from './suite-facts.ts';
import { buildSandbox } from '../../../apps/sandbox/src/app.ts';

/** A valid image of one pixel. */
const JPEG = Buffer.from(
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
  'base64',
);

export interface OraclePost {
  platform: string;
  account: string;
  id: string;
  url: string;
  text: string;
  mediaCount: number;
  media: { url: string; altText: string | null; mimeType: string | null; title?: string }[];
  /** The settings, in the platform's own form. */
  settings: Settings;
}

export interface Stage {
  origin: string;
  imageUrl(name: string): string;
  /** The URL from which platforms fetch the file. */
  serve(file: TestFile): string;
  /** Resets the sandbox and the clock. */
  reset(): Promise<void>;
  arm(fault: ArmedFault): Promise<void>;
  /** The faults that have not occurred yet. */
  armed(): Promise<{ step: string; fault: string }[]>;
  configure(platform: string, settings: object): Promise<void>;
  /** The number of received calls of each step. */
  requests(platform: string): Promise<Record<string, number>>;
  posts(platform: string, account: string): Promise<OraclePost[]>;
  /** The images of the only public post, as `<name>: <alt text>`, in order. */
  pictures(platform: string, account: string): Promise<string[]>;
  /** Moves the clock of the sandbox and of every delivery forward, so that tests need not wait. */
  skip(ms: number): Promise<void>;
  now(): Date;
  close(): Promise<void>;
}

export interface ArmedFault {
  platform: string;
  step: string;
  fault: string;
  after?: number;
  times?: number;
  ms?: number;
}

/** A link that the publisher builds leads to the real platform; the sandbox has the page at the same path. */
function ownLinkOf({ platform, url }: OraclePost): string {
  const host = factsOf(platform).linkHost;
  return host === undefined ? url : url.replace(/^.*?:\/\/[^/]+\/[^/]+/, host);
}

/** Every image is the same pixel, followed by its name. */
const pictureOf = (name: string) => Buffer.concat([JPEG, Buffer.from(name)]);
const nameOf = (picture: Uint8Array) => Buffer.from(picture.subarray(JPEG.length)).toString();

export async function openStage(): Promise<Stage> {
  const sandbox = buildSandbox();
  const origin = await sandbox.listen({ port: 0, host: '127.0.0.1' });
  const served = new Map<string, TestFile>();
  const images = await serveFiles(served);
  const urlOf = (name: string) => `http://127.0.0.1:${(images.address() as AddressInfo).port}/${name}`;
  let offsetMs = 0;

  async function control(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${origin}/_sandbox${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok)
      throw new Error(`sandbox ${method} ${path}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text === '' ? undefined : JSON.parse(text);
  }

  async function posts(platform: string, account: string): Promise<OraclePost[]> {
    const query = new URLSearchParams({ platform, account });
    const listed = (await control('GET', `/posts?${query.toString()}`)) as { posts: OraclePost[] };
    return listed.posts.map((post) => ({ ...post, url: ownLinkOf(post) }));
  }

  return {
    origin,
    imageUrl: urlOf,
    serve(file) {
      served.set(file.name, file);
      return urlOf(file.name);
    },
    async reset() {
      offsetMs = 0;
      await control('POST', '/reset');
    },
    async arm(fault) {
      await control('POST', '/faults', { times: 1, ...fault });
    },
    async armed() {
      return ((await control('GET', '/faults')) as { faults: { step: string; fault: string }[] }).faults;
    },
    async configure(platform, settings) {
      await control('POST', '/settings', { platform, ...settings });
    },
    async requests(platform) {
      const path = `/requests?platform=${platform}`;
      return ((await control('GET', path)) as { requests: Record<string, number> }).requests;
    },
    posts,
    async pictures(platform, account) {
      const [post, ...others] = await posts(platform, account);
      if (!post || others.length > 0)
        throw new Error(`${others.length + (post ? 1 : 0)} posts are public, not one`);
      const shown = post.media.map(async ({ url, altText }) => {
        const response = await fetch(url);
        return `${nameOf(new Uint8Array(await response.arrayBuffer()))}: ${altText ?? 'no words'}`;
      });
      return Promise.all(shown);
    },
    async skip(ms) {
      offsetMs += ms;
      await control('POST', '/clock', { offsetMs });
    },
    now: () => new Date(Date.now() + offsetMs),
    async close() {
      await sandbox.close();
      await new Promise((resolve) => images.close(resolve));
    },
  };
}

/** An unknown path is an image with that name. */
async function serveFiles(served: Map<string, TestFile>): Promise<Server> {
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const { mimeType, content } = served.get(name) ?? { mimeType: 'image/jpeg', content: pictureOf(name) };
    response.writeHead(200, { 'content-type': mimeType, connection: 'close' }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export type Fate = Exclude<PublishOutcome, { outcome: 'unclear' }> | LookUpOutcome;

/**
 * One delivery, run through the steps as the engine does. Records everything that comes back, so that a test can search it for
 * secrets.
 */
export interface Delivery {
  call: PublishCall;
  token: string;
  /** All outcomes and logs, as text. */
  said: string[];
  /** Every request that was not a GET. */
  writes: HttpRequest[];
  prepare(): Promise<PrepareOutcome>;
  /** A thrown error counts as unclear, as in the engine. */
  publish(): Promise<PublishOutcome>;
  /** Repeats the look-up until it has a result, skipping the waits. */
  lookUp(): Promise<LookUpOutcome>;
  /** Runs to the end: published, failed or uncertain. */
  run(): Promise<Fate>;
}

const MAX_TURNS = 60;

/** An uploaded file, as a publisher sees it. */
export interface TestFile extends DraftMedia {
  name: string;
  content: Buffer;
}

const FTYP = Buffer.from('0000001866747970697336d0000000006973366d6d703432', 'hex');

/** Has the head of an MP4, and its name at the end. No test decodes it. */
export function videoFile(name: string, over: Partial<DraftMedia> = {}): TestFile {
  const content = Buffer.alloc(over.byteSize ?? 1_000, '.');
  FTYP.copy(content);
  content.write(name, content.length - Buffer.byteLength(name));
  return { name, content, ...videoDraft({ byteSize: content.length, altText: null, ...over }) };
}

export interface DeliveryDraft {
  account: string;
  text: string;
  /** One image; without an alt text unless one is given. */
  withImage?: boolean;
  altText?: string;
  /** Images by name, each with the alt text `Picture <name>`. */
  images?: string[];
  /** Files of other kinds, after the images. */
  files?: TestFile[];
  settings?: Settings;
  timeoutMs?: number;
  /** The delivery's row, if it matters. */
  delivery?: PublishCall['delivery'];
  /** The evidence of an earlier worker. */
  evidence?: Evidence;
  /** The worker dies after this many writing calls, just before the next one. */
  goneAfterWrites?: number;
}

export async function openDelivery(
  stage: Stage,
  publisher: Publisher,
  draft: DeliveryDraft,
): Promise<Delivery> {
  const said: string[] = [];
  const writes: HttpRequest[] = [];
  const token = `sandbox-${draft.account}`;
  const http = recording(
    createHttpClient({
      baseUrl: `${stage.origin}/${publisher.id}`,
      timeoutMs: draft.timeoutMs ?? 2_000,
    }),
    writes,
    draft.goneAfterWrites ?? Infinity,
  );
  const credentials = { accessToken: token };
  const evidence: Evidence = structuredClone(draft.evidence ?? {});
  const logs = new Writable({
    write(chunk, _encoding, done) {
      said.push(String(chunk));
      done();
    },
  });
  const toPublish = ({ name, content, ...file }: TestFile): PublishMedia => ({
    id: name,
    ...file,
    bytes: (range) => Promise.resolve(new Uint8Array(content.subarray(range?.start, range && range.end + 1))),
    publicUrl: () => Promise.resolve(stage.serve({ name, content, ...file })),
  });
  const imageOf = (name: string, altText: string | null) => {
    const content = pictureOf(name);
    return toPublish({
      name,
      content,
      ...jpegDraft({ byteSize: content.length, width: 1, height: 1, altText }),
    });
  };
  const named = (draft.images ?? []).map((name) => imageOf(name, `Picture ${name}`));
  const call: PublishCall = {
    http,
    credentials,
    delivery: draft.delivery ?? { id: randomUUID(), createdAt: stage.now() },
    text: draft.text,
    media: [
      ...(draft.withImage ? [imageOf('image', draft.altText ?? null)] : named),
      ...(draft.files ?? []).map(toPublish),
    ],
    settings: draft.settings ?? {},
    account: await publisher.identity({ http, credentials }),
    evidence,
    sentBefore: false,
    // As a JSON column returns it.
    remember: (facts) => {
      Object.assign(evidence, JSON.parse(JSON.stringify(facts)));
      return Promise.resolve();
    },
    now: () => stage.now(),
    sleep: (ms) => stage.skip(ms),
    signal: new AbortController().signal,
    log: createLogger({ name: 'test', level: 'trace' }, logs),
  };
  let sendingSince = stage.now();

  function hear<T>(outcome: T): T {
    said.push(JSON.stringify(outcome));
    return outcome;
  }

  const delivery: Delivery = {
    call,
    token,
    said,
    writes,
    prepare: async () => hear(await publisher.prepare(call)),
    async publish() {
      sendingSince = stage.now();
      try {
        const outcome = hear(await publisher.publish(call));
        call.sentBefore ||= outcome.outcome === 'unclear';
        return outcome;
      } catch (error) {
        call.sentBefore = true;
        return hear({ outcome: 'unclear', detail: String(error) });
      }
    },
    async lookUp() {
      for (let asked = 0; asked < MAX_TURNS; asked++) {
        const outcome = hear(await publisher.lookUp({ ...call, sendingSince, asked }));
        if (outcome.outcome !== 'ask_again') return outcome;
        await stage.skip(outcome.afterMs);
      }
      throw new Error('looks up for ever');
    },
    async run() {
      for (let turn = 0; turn < MAX_TURNS; turn++) {
        const prepared = await delivery.prepare();
        const outcome = prepared.outcome === 'ready' ? await delivery.publish() : prepared;
        const fate = outcome.outcome === 'unclear' ? await delivery.lookUp() : outcome;
        if (fate.outcome === 'wait_until') await stage.skip(fate.until.getTime() - stage.now().getTime());
        else if (fate.outcome === 'retry') await stage.skip(1_000);
        else if (fate.outcome !== 'absent') return fate;
      }
      throw new Error('tries for ever');
    },
  };
  return delivery;
}

function recording(http: HttpClient, writes: HttpRequest[], goneAfterWrites: number): HttpClient {
  return {
    async request(request) {
      if (request.method !== 'GET') {
        if (writes.length >= goneAfterWrites) throw new Error('the worker is gone');
        writes.push(request);
      }
      return http.request(request);
    },
  };
}
