import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom, type Random } from '../../../test/chaos/random.ts';
import { NoAnswerError } from '../src/http.ts';
import { PublisherError, type Actor, type Failure, type FailureKind } from '../src/publisher.ts';
import { publishers } from '../src/registry.ts';
import { NOW } from './answers.ts';
import {
  callOf,
  imageOf,
  lookOf,
  serveScript,
  TOKEN,
  type CallDraft,
  type Script,
  type ScriptedServer,
} from './scripted.ts';

/**
 * For any answer of a server (status, headers, body), every step of every publisher ends in one of its outcomes, with a wait
 * within bounds, and names only an actor that the table allows. Random with fixed seeds, over real sockets.
 */

const ROUNDS = 120;
const LONGEST_MS = 31 * 86_400_000;

/** The actors that each failure kind may name. */
const ACTORS: Record<FailureKind, Actor[]> = {
  auth_expired: ['user'],
  rejected_content: ['user'],
  rejected_account: ['user'],
  rate_limited: ['platform'],
  quota_exhausted: ['operator'],
  unavailable: ['platform'],
  misconfigured: ['operator'],
  media_unavailable: ['operator'],
  media_damaged: ['operator'],
  unknown: ['operator', 'user'],
};
/** Only these statuses may mean that the content was rejected. */
const ABOUT_CONTENT = [400, 403, 413, 415, 422, 451];

const STATUSES = [
  ...[200, 201, 202, 203, 204, 206, 301, 302, 304, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 425, 426, 429, 451],
  ...[500, 501, 502, 503, 504, 507, 520, 599],
];

let server: ScriptedServer;
beforeAll(async () => {
  server = await serveScript();
});
afterAll(() => server.close());

const drafts: Record<string, (random: Random) => CallDraft> = {
  x: (random) => ({
    media: random.chance(0.5) ? [imageOf()] : [],
    evidence: { newestPostId: '4', notedAt: NOW.toISOString() },
  }),
  instagram: () => ({ media: [imageOf()], evidence: { containerId: 'c' } }),
  linkedin: (random) =>
    random.chance(0.5)
      ? {}
      : { account: { remoteAccountId: 'urn:li:organization:1', handle: 'ada' }, evidence: { knownUrns: [] } },
  bluesky: () => ({
    account: { remoteAccountId: 'did:plc:ada', handle: 'ada' },
    evidence: { rkey: '3lbn7vtbe2c2k', createdAt: NOW.toISOString() },
  }),
  mastodon: () => ({ evidence: { newestStatusId: '4', idempotencyKey: 'k' } }),
};

function draftFor(id: string, random: Random): CallDraft {
  const draft = drafts[id];
  if (!draft) throw new Error(`"${id}" has no line in "drafts" of any-answer.test.ts: add one`);
  return draft(random);
}

/** Prepares from the start and from an intermediate state, with uploads and marks already remembered. */
function prepareDraft(id: string, random: Random): CallDraft {
  const draft = draftFor(id, random);
  return { ...draft, media: [imageOf()], evidence: random.chance(0.5) ? draft.evidence! : {} };
}

describe.each(publishers)('$name, for any answer', (publisher) => {
  const rounds = (step: number) =>
    Array.from({ length: ROUNDS }, (_, round) => createRandom(1_000 * step + round));

  it('identity returns the account, or throws with a reason', async () => {
    for (const random of rounds(1)) {
      const script = anyAnswer(random);
      server.answer(() => script);
      const { http, credentials } = callOf(server.origin);
      try {
        const who = await publisher.identity({ http, credentials });
        expect([typeof who.remoteAccountId, typeof who.handle]).toEqual(['string', 'string']);
        expect(script.status).toBeLessThan(300);
      } catch (error) {
        holdsFor(script, error);
      }
    }
  });

  it('prepare ends as ready, retry, wait_until or failed; never as failed for a 5xx', async () => {
    for (const random of rounds(2)) {
      const script = anyAnswer(random);
      server.answer(() => script);
      const call = callOf(server.origin, prepareDraft(publisher.id, random));
      const outcome = await publisher.prepare(call);
      expect(['ready', 'retry', 'wait_until', 'failed']).toContain(outcome.outcome);
      if (outcome.outcome !== 'ready') holds(script, outcome);
    }
  });

  it('publish never loses a 2xx, never takes a 5xx for a refusal, and never fails for a 429', async () => {
    for (const random of rounds(3)) {
      const script = anyAnswer(random);
      server.answer(() => script);
      const call = callOf(server.origin, draftFor(publisher.id, random));
      try {
        const outcome = await publisher.publish({
          ...call,
          media: publisher.id === 'instagram' ? call.media : [],
        });
        const { status } = script;
        if (status < 300) expect(['published', 'unclear']).toContain(outcome.outcome);
        if (status >= 500 || status === 408 || (status >= 300 && status < 400)) {
          expect(outcome.outcome).toBe('unclear');
        }
        if (outcome.outcome === 'published') {
          expect(status).toBeLessThan(300);
          expect(outcome.receipt.remoteId === null || outcome.receipt.remoteId.length > 0).toBe(true);
        } else if (outcome.outcome === 'unclear') expect(JSON.stringify(outcome)).not.toContain(TOKEN);
        else holds(script, outcome);
      } catch (error) {
        // The answer was cut off, and was not a 2xx.
        if (!(error instanceof NoAnswerError)) throw error;
        expect(script.cutAfter).toBeDefined();
        expect(script.status).toBeGreaterThanOrEqual(300);
      }
    }
  });

  it('look-up ends as published, absent, ask_again or uncertain; an accepted post is never absent', async () => {
    for (const random of rounds(4)) {
      const script = anyAnswer(random);
      server.answer(() => script);
      const draft = draftFor(publisher.id, random);
      const wasTaken = random.chance(0.3);
      const call = callOf(server.origin, {
        ...draft,
        evidence: { ...draft.evidence, ...(wasTaken && { accepted: 201 }) },
      });
      const looked = await publisher.lookUp(lookOf(call, random.int(0, 8 * 3_600_000)));
      expect(JSON.stringify(looked)).not.toContain(TOKEN);
      switch (looked.outcome) {
        case 'ask_again':
          expect(looked.afterMs).toBeGreaterThanOrEqual(1_000);
          expect(looked.afterMs).toBeLessThanOrEqual(LONGEST_MS);
          break;
        case 'absent':
          expect(wasTaken).toBe(false);
          // Needs a readable answer, or the one error that says so (a 400).
          expect(script.status < 300 || script.status === 400).toBe(true);
          break;
        case 'uncertain':
          expect(wasTaken).toBe(false);
          expect(looked.reason).toMatch(/\.$/);
          break;
        default:
          expect(looked.outcome).toBe('published');
      }
    }
  });
});

/** A thrown error must be a valid failure, or mean that no complete answer came. */
function holdsFor(script: Script, error: unknown): void {
  if (!(error instanceof PublisherError)) throw error;
  const { failure } = error;
  holds(script, { outcome: failure.kind === 'rate_limited' ? 'wait_until' : 'retry', failure });
}

function holds(
  { status, cutAfter }: Script,
  refusal: { outcome: string; failure: Failure; until?: Date },
): void {
  const { outcome, failure, until } = refusal;
  expect(ACTORS[failure.kind]).toContain(failure.actor);
  expect(failure.reason).toMatch(/^\p{Lu}.{20,500}\.$/u);
  expect(Array.from(failure.platformMessage ?? '').length).toBeLessThanOrEqual(300);
  expect(failure.platformMessage ?? '').not.toMatch(/\p{Cc}|<html|<script/u);
  expect(JSON.stringify(failure)).not.toContain(TOKEN);
  if (until) {
    const pauseMs = until.getTime() - NOW.getTime();
    expect(pauseMs).toBeGreaterThanOrEqual(1_000);
    expect(pauseMs).toBeLessThanOrEqual(LONGEST_MS);
  }
  const isWhole = cutAfter === undefined;
  if (status >= 500 || status < 400 || status === 408) {
    expect(outcome).not.toBe('failed');
    expect(failure.actor).not.toBe('user');
  }
  if (status === 429 && isWhole) {
    expect(outcome).toBe('wait_until');
    expect(['rate_limited', 'quota_exhausted']).toContain(failure.kind);
  }
  if (status === 401 && isWhole) expect(failure.kind).not.toBe('rejected_content');
  if (failure.kind === 'rejected_content') expect(ABOUT_CONTENT).toContain(status);
}

/** One random answer for every request. */
function anyAnswer(random: Random): Script {
  const status = random.pick(STATUSES);
  const body = random.pick([anyError, anyError, anySuccess, anySuccess, anyJson, anyText])(random);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const cut = random.chance(0.1) ? { cutAfter: random.int(0, Math.max(0, Buffer.byteLength(text) - 1)) } : {};
  return { status, headers: anyHeaders(random), body, ...(status === 204 || status === 304 ? {} : cut) };
}

function anyHeaders(random: Random): Record<string, string> {
  const seconds = Math.floor(NOW.getTime() / 1_000);
  const value = () =>
    random.pick<() => string>([
      () => String(random.int(-1_000, 1_000_000)),
      () => String(seconds + random.int(-100_000, 100_000)),
      () => String((seconds + 60) * 1_000_000),
      () => '1e300',
      () => new Date(NOW.getTime() + random.int(-1e9, 1e9)).toUTCString(),
      () => new Date(NOW.getTime() + random.int(-1e9, 1e9)).toISOString(),
      () => '',
      () => `Bearer ${TOKEN}`,
    ])();
  const names = [
    ...[
      'retry-after',
      'x-rate-limit-reset',
      'x-ratelimit-reset',
      'ratelimit-reset',
      'x-user-limit-24hour-reset',
    ],
    ...['x-business-use-case-usage', 'location', 'www-authenticate', 'etag', 'x-restli-id'],
  ];
  const headers: Record<string, string> = {
    'content-type': random.pick(['application/json', 'text/html', 'nonsense']),
  };
  for (const name of names) if (random.chance(0.3)) headers[name] = value();
  return headers;
}

const WORDS = [
  ...[
    'Forbidden',
    'Your account is suspended',
    'duplicate content',
    'Text is too long',
    'Could not find repo: did:plc:x',
  ],
  ...[
    'This action is outside the authorized scopes',
    `token ${TOKEN} is bad`,
    '<html><script>alert(1)</script>',
    '',
    '\u0000\u202e',
  ],
  ...[
    'InvalidRequest',
    'RecordNotFound',
    'InvalidSwap',
    'ExpiredToken',
    'MEDIA_ASSET_WAITING_UPLOAD',
    'ACCESS_DENIED',
    'VERSION_MISSING',
  ],
  'x'.repeat(5_000),
];
const CODES = [
  -2, -1, 0, 1, 2, 3, 4, 9, 10, 24, 25, 32, 64, 88, 89, 100, 102, 130, 185, 186, 187, 190, 200, 226, 261, 326,
  368, 9004, 9007, 36003,
];

/** An error body in the form of one of the five platforms, with codes and words of any of them. */
function anyError(random: Random): unknown {
  const words = () => random.pick(WORDS);
  const code = random.pick(CODES);
  return random.pick<() => unknown>([
    () => ({ title: words(), detail: words(), type: 'about:blank', errors: [{ code, message: words() }] }),
    () => ({
      error: {
        code,
        error_subcode: random.pick([33, 463, 2207001, 2207027, 2207051, 2207052, 7]),
        message: words(),
      },
    }),
    () => ({ error: words() || 'Error', message: words() }),
    () => ({ error: words() || 'Error' }),
    () => ({
      message: words(),
      code: words(),
      serviceErrorCode: random.pick([100, 101, 65600, 1]),
      status: 4,
    }),
    () => ({
      message: words(),
      errorDetails: { inputErrors: [{ code: words(), input: { inputPath: { fieldPath: words() } } }] },
    }),
    () => ({ errors: random.pick<unknown>([null, 5, [null], ['x'], {}]), code: words() }),
  ])();
}

/** A success body in the form of one of the five platforms, complete or with an odd value. */
function anySuccess(random: Random): unknown {
  const odd = () => random.pick<unknown>([null, 5, '5', [], {}, true, '', 1e300, 'x'.repeat(300)]);
  const id = () => (random.chance(0.7) ? '12345' : odd());
  return random.pick<() => unknown>([
    () => ({ data: { id: id(), username: odd(), text: 'x' } }),
    () => ({
      data: random.pick<unknown>([[], [{ id: id(), text: odd(), created_at: odd() }], odd()]),
      meta: { result_count: 0 },
    }),
    () => ({ id: id(), url: odd(), username: 'ada', content: odd() }),
    () => ({
      id: id(),
      status_code: random.pick(['FINISHED', 'PUBLISHED', 'ERROR', 'EXPIRED', 'IN_PROGRESS', 'odd']),
      status: odd(),
    }),
    () => [{ id: id(), content: 'Hello there', url: odd() }],
    () => [],
    () => ({ elements: random.pick<unknown>([[], [odd()], odd()]) }),
    () => ({
      value: { uploadUrl: random.pick<unknown>(['https://[', `${server.origin}/put`, odd()]), image: id() },
    }),
    () => ({
      uri: random.pick<unknown>(['at://did:plc:ada/app.bsky.feed.post/3lbn7vtbe2c2k', odd()]),
      value: odd(),
      cid: odd(),
    }),
    () => ({
      blob: random.pick<unknown>([
        { $type: 'blob', ref: { $link: 'b' }, mimeType: 'image/jpeg', size: 1 },
        odd(),
      ]),
    }),
    () => ({ did: id(), handle: odd(), sub: id(), name: odd(), user_id: id() }),
  ])();
}

function anyJson(random: Random, depth = 0): unknown {
  const names = [
    'id',
    'data',
    'error',
    'errors',
    'message',
    'code',
    'elements',
    'value',
    'status',
    '__proto__',
  ];
  return random.pick<() => unknown>([
    () => null,
    () => random.int(-5, 1e9),
    () => random.pick(WORDS),
    () => (depth > 3 ? [] : Array.from({ length: random.int(0, 3) }, () => anyJson(random, depth + 1))),
    () =>
      depth > 3
        ? {}
        : Object.fromEntries(
            names.filter(() => random.chance(0.4)).map((name) => [name, anyJson(random, depth + 1)]),
          ),
  ])();
}

function anyText(random: Random): string {
  return random.pick([
    '',
    '<!DOCTYPE html><title>Just a moment…</title>',
    '{"data":{"id":"1',
    'null',
    '"text"',
    '\ufeff{"id":"12345"}',
    '[[[[[[[[',
    `Bearer ${TOKEN}`,
    'ÿ'.repeat(3_000),
    '{"a":1}{"b":2}',
  ]);
}
