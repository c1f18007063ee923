import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLogger, sleep } from '@solospark/foundation';
import { createHttpClient } from '../../packages/publishers/src/http.ts';
import type { DraftMedia, Settings } from '../../packages/publishers/src/draft.ts';
import type {
  Identity,
  PublishCall,
  PublishMedia,
  Publisher,
  LookUpOutcome,
} from '../../packages/publishers/src/publisher.ts';
import { jpegDraft, videoDraft } from '../../packages/publishers/test/answers.ts';
import type { Fault, FaultProxy } from './fault-proxy.ts';

// Calls a publisher with deliveries, as the publishing core does, but without the core.

export const PATIENCE_MS = 30_000;
/** The time limit of a call whose answer never comes. */
const HASTE_MS = 1_000;

export const jpeg = readFileSync(new URL('../../scripts/assets/demo.jpg', import.meta.url));
const log = createLogger({ name: 'test', level: 'silent' });

export interface Draft {
  text?: string;
  images?: Uint8Array[];
  videos?: Uint8Array[];
  settings?: Settings;
}

/** `publicCall` is a part of the path of the call that publishes. */
export function openDeliveries(publisher: Publisher, proxy: FaultProxy, publicCall: string) {
  let serial = 0;

  /** `remember` keeps what a JSON column would keep. */
  function open(account: Identity & { accessToken: string }, draft: Draft = {}): PublishCall {
    const { text = `Post ${++serial}`, images = [], videos = [], settings = {} } = draft;
    const { remoteAccountId, handle, accessToken } = account;
    const call: PublishCall = {
      http: createHttpClient({ baseUrl: proxy.url, timeoutMs: PATIENCE_MS }),
      credentials: { accessToken },
      delivery: { id: randomUUID(), createdAt: new Date() },
      text,
      media: [...images.map((bytes, index) => imageOf(bytes, index)), ...videos.map(videoOf)],
      settings,
      account: { remoteAccountId, handle },
      evidence: {},
      sentBefore: false,
      remember(facts) {
        Object.assign(call.evidence, JSON.parse(JSON.stringify(facts)));
        return Promise.resolve();
      },
      now: () => new Date(),
      sleep: (ms) => sleep(ms),
      signal: new AbortController().signal,
      log,
    };
    return call;
  }

  async function prepare(call: PublishCall): Promise<PublishCall> {
    assert.deepEqual(await publisher.prepare(call), { outcome: 'ready' });
    return call;
  }

  /** A thrown error counts as unclear, as in the core. */
  async function publish(call: PublishCall): Promise<{ outcome: string; detail?: string }> {
    try {
      return await publisher.publish(call);
    } catch (error) {
      return { outcome: 'unclear', detail: String(error) };
    }
  }

  /** Also waits for the server: a call that timed out here may still be in progress there. */
  async function publishUnclearly(call: PublishCall, fault: Fault): Promise<void> {
    const played = proxy.arm(publicCall, fault);
    const timeoutMs = fault === 'hang-after' ? HASTE_MS : PATIENCE_MS;
    const http = createHttpClient({ baseUrl: proxy.url, timeoutMs });
    assert.equal((await publish({ ...call, http })).outcome, 'unclear');
    await played;
  }

  /** `agoMs`: how long ago it was sent. */
  const lookUp = (call: PublishCall, agoMs = 0): Promise<LookUpOutcome> =>
    publisher.lookUp({ ...call, sendingSince: new Date(Date.now() - agoMs), asked: 0 });

  return { open, prepare, publish, publishUnclearly, lookUp };
}

function imageOf(bytes: Uint8Array, index: number): PublishMedia {
  return toPublish(
    bytes,
    jpegDraft({ byteSize: bytes.length, width: 4, height: 3, altText: `image ${index}` }),
  );
}

function videoOf(bytes: Uint8Array): PublishMedia {
  return toPublish(bytes, videoDraft({ byteSize: bytes.length, altText: 'A film' }));
}

function toPublish(bytes: Uint8Array, facts: DraftMedia): PublishMedia {
  return {
    id: randomUUID(),
    ...facts,
    bytes: (range) => Promise.resolve(new Uint8Array(bytes.subarray(range?.start, range && range.end + 1))),
    publicUrl: () => Promise.resolve(''),
  };
}

/** A file that looks like a video by its first bytes; servers check no more than those. */
export function filmOf(byteSize: number): Buffer {
  const film = Buffer.alloc(byteSize, '.');
  film.write('0000001866747970697336d0000000006973366d6d703432', 'hex');
  return film;
}

/** The outcome, the failure kind, and who can act. */
export function kindOf(outcome: object): unknown[] {
  const { failure } = outcome as { failure?: { kind: string; actor: string } };
  return [(outcome as { outcome: string }).outcome, failure?.kind, failure?.actor];
}
