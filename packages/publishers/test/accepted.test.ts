import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bluesky } from '../src/bluesky/index.ts';
import { instagram } from '../src/instagram/index.ts';
import { linkedin } from '../src/linkedin/index.ts';
import { mastodon } from '../src/mastodon/index.ts';
import type { Publisher } from '../src/publisher.ts';
import { x } from '../src/x/index.ts';
import {
  callOf,
  imageOf,
  lookOf,
  serveScript,
  type CallDraft,
  type Script,
  type ScriptedServer,
} from './scripted.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await serveScript();
});
afterAll(() => server.close());

const HTML = { 'content-type': 'text/html' };
/** Odd answers after an accepted post, from platforms or their proxies. */
const ODD: [name: string, script: Omit<Script, 'status'>][] = [
  ['nothing', {}],
  ['an empty object', { body: {} }],
  ['null', { body: 'null', headers: { 'content-type': 'application/json' } }],
  ['a page', { body: '<html>ok</html>', headers: HTML }],
  ['half of its JSON', { body: '{"data":{"id":"19' }],
  ['a list', { body: [] }],
  ['a body that is cut off', { body: { ok: true }, cutAfter: 3 }],
  ['a body that never comes', { body: { ok: true }, cutAfter: 0 }],
];

interface Contestant {
  name: string;
  publisher: Publisher;
  draft: () => CallDraft;
  /** The documented status of a success. */
  success: number;
  /** A second send is harmless, so "absent" is believed. */
  isIdempotent?: true;
}

const contestants: Contestant[] = [
  {
    name: 'X',
    publisher: x,
    success: 201,
    draft: () => ({ evidence: { newestPostId: '4', notedAt: '2026-11-22T06:00:00Z' } }),
  },
  { name: 'LinkedIn', publisher: linkedin, success: 201, draft: () => ({}) },
  {
    name: 'LinkedIn, once more',
    publisher: linkedin,
    success: 201,
    draft: () => ({ settings: { resendIfUnclear: true } }),
  },
  {
    name: 'LinkedIn, an organization',
    publisher: linkedin,
    success: 201,
    draft: () => ({
      account: { remoteAccountId: 'urn:li:organization:1', handle: 'ada' },
      evidence: { knownUrns: [] },
    }),
  },
  {
    name: 'Mastodon',
    publisher: mastodon,
    success: 200,
    isIdempotent: true,
    draft: () => ({ evidence: { newestStatusId: '4', idempotencyKey: 'k' } }),
  },
  {
    name: 'Bluesky',
    publisher: bluesky,
    success: 200,
    isIdempotent: true,
    draft: () => ({
      account: { remoteAccountId: 'did:plc:ada', handle: 'ada' },
      evidence: { rkey: '3lbn7vtbe2c2k', createdAt: '2026-11-22T10:00:00.000Z' },
    }),
  },
  {
    name: 'Instagram',
    publisher: instagram,
    success: 200,
    isIdempotent: true,
    draft: () => ({ media: [imageOf()], evidence: { containerId: 'c' } }),
  },
];

/** The answers of all platforms for "not there": an empty list, a container that was not published, no record. */
const NOTHING_THERE = {
  data: [],
  meta: { result_count: 0 },
  elements: [],
  status_code: 'FINISHED',
};

describe.each(contestants)(
  '$name: a 2xx of the public call',
  ({ publisher, draft, success, isIdempotent }) => {
    const publish = async (script: Script) => {
      server.answer((request) => (request.method === 'GET' ? { status: 404, body: {} } : script));
      const call = callOf(server.origin, draft());
      const outcome = await publisher.publish(call).catch((error: unknown) => ({ outcome: 'threw', error }));
      return { call, outcome };
    };

    it.each(ODD)('with %s counts as published even if no look-up works', async (_, script) => {
      for (const status of [success, 202]) {
        const { call, outcome } = await publish({ status, ...script });
        expect(['published', 'unclear']).toContain(outcome.outcome);
        if (outcome.outcome === 'published') continue;
        server.answer(() => ({ status: 503 }));
        const looked = await publisher.lookUp(lookOf(call, 7 * 3_600_000));
        expect(looked).toEqual({ outcome: 'published', receipt: { remoteId: null, url: null } });
      }
    });

    it.each(ODD)('with %s does not lead to a second send when no list shows the post', async (_, script) => {
      const { call, outcome } = await publish({ status: success, ...script });
      if (outcome.outcome === 'published') return;
      server.answer(({ url }) =>
        url?.includes('/statuses') ? { status: 200, body: [] } : { status: 200, body: NOTHING_THERE },
      );
      const looked = await publisher.lookUp(lookOf(call));
      expect(isIdempotent ? ['published', 'absent', 'ask_again'] : ['published']).toContain(looked.outcome);
    });

    it('does not count for the next send', async () => {
      const { call } = await publish({ status: success, body: '{' });
      server.answer(() => ({ status: 503, body: '' }));
      await publisher.publish(call);
      expect(call.evidence['accepted'] ?? null).toBeNull();
    });
  },
);

describe('the id of the new post is read', () => {
  const HEADERLESS = { status: 201 };
  const at = (where: object) => ({ ...HEADERLESS, ...where });
  const member = () => callOf(server.origin);
  const urn = 'urn:li:share:7141138937766391808';
  it.each<[string, Script]>([
    ['x-restli-id', at({ headers: { 'x-restli-id': urn } })],
    ['x-restli-id, percent-encoded', at({ headers: { 'x-restli-id': encodeURIComponent(urn) } })],
    ['x-linkedin-id', at({ headers: { 'x-linkedin-id': urn } })],
    ['location', at({ headers: { location: `/rest/posts/${encodeURIComponent(urn)}` } })],
    ['the body', at({ body: { id: urn } })],
    [
      'a header before a body that is cut off',
      at({ headers: { 'x-restli-id': urn }, body: { a: 1 }, cutAfter: 2 }),
    ],
  ])('on LinkedIn, from %s', async (_, script) => {
    server.answer(() => script);
    expect(await linkedin.publish(member())).toMatchObject({
      outcome: 'published',
      receipt: { remoteId: urn, url: `https://www.linkedin.com/feed/update/${urn}/` },
    });
  });

  it.each<[string, Publisher, Script, string]>([
    [
      'on X, as a number',
      x,
      { status: 201, body: '{"data":{"id":1999999999999999999,"text":"x"}}' },
      '1999999999999999999',
    ],
    ['on X, with a 200', x, { status: 200, body: { data: { id: '1999', text: 'x' } } }, '1999'],
    [
      'on X, beside errors',
      x,
      { status: 201, body: { data: { id: '1999' }, errors: [{ title: 'Partial' }] } },
      '1999',
    ],
    ['on X, after a byte order mark', x, { status: 201, body: '\ufeff{"data":{"id":"1999"}}' }, '1999'],
    [
      'on Mastodon, as a number',
      mastodon,
      { status: 200, body: { id: 123456, content: '<p>x</p>' } },
      '123456',
    ],
    ['on Mastodon, with nothing else', mastodon, { status: 202, body: { id: '123456' } }, '123456'],
    [
      'on Instagram, as a number',
      instagram,
      { status: 200, body: '{"id":17999999999999999999}' },
      '17999999999999999999',
    ],
  ])('%s', async (_, publisher, script, remoteId) => {
    server.answer((request) => (request.method === 'POST' ? script : { status: 404 }));
    const { draft } = contestants.find((contestant) => contestant.publisher === publisher)!;
    expect(await publisher.publish(callOf(server.origin, draft()))).toMatchObject({
      outcome: 'published',
      receipt: { remoteId },
    });
  });

  it('but a 200 with an error body is looked up, and proves nothing', async () => {
    server.answer((request) =>
      request.method === 'POST'
        ? { status: 200, body: { errors: [{ message: 'Internal error', code: 131 }] } }
        : { status: 200, body: NOTHING_THERE },
    );
    const call = callOf(server.origin, contestants[0]!.draft());
    expect(await x.publish(call)).toMatchObject({ outcome: 'unclear' });
    expect(await x.lookUp(lookOf(call))).toEqual({ outcome: 'absent' });
  });
});

describe('a person is not told to rewrite a post that may be out', () => {
  it.each(contestants)('$name', async ({ publisher, draft }) => {
    server.answer(() => ({ status: 503 }));
    const call = callOf(server.origin, draft());
    const looked = await publisher.lookUp(lookOf(call, 7 * 3_600_000));
    expect(looked).toMatchObject({
      outcome: 'uncertain',
      reason: expect.stringMatching(/say here whether the post is out/),
    });
    expect((looked as { reason: string }).reason).not.toMatch(/anew/);
  });
});
