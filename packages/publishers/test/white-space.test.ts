import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bluesky } from '../src/bluesky/index.ts';
import { instagram } from '../src/instagram/index.ts';
import { linkedin } from '../src/linkedin/index.ts';
import { mastodon } from '../src/mastodon/index.ts';
import { levelText } from '../src/normalize.ts';
import type { Publisher, Evidence } from '../src/publisher.ts';
import { x } from '../src/x/index.ts';
import { NOW } from './answers.ts';
import { callOf, imageOf, lookOf, serveScript, type CallDraft, type ScriptedServer } from './scripted.ts';

/** Sent texts, and how platforms have changed them. */
const VARIANTS: [name: string, sent: string, shown: string][] = [
  ['CRLF', 'One\r\ntwo\r\n\r\nthree', 'One\ntwo\n\nthree'],
  ['CR', 'One\rtwo', 'One\ntwo'],
  ['double spaces', 'One  two   three', 'One two three'],
  ['a tab', 'One\ttwo', 'One two'],
  ['a no-break space', 'One\u00a0two', 'One two'],
  ['a narrow and a wide space', 'One\u202ftwo\u3000three', 'One two three'],
  ['spaces at the ends of lines', 'One  \n  two ', 'One\ntwo'],
  ['empty lines', 'One\n\n\n\n\ntwo', 'One\n\ntwo'],
  ['white space around', '\n  One two \n\n', 'One two'],
  ['a line separator', 'One\u2028two', 'One\ntwo'],
  ['decomposed letters', 'Cafe\u0301 one', 'Caf\u00e9 one'],
  ['zero-width characters', '\ufeffOne\u200b two\u2060', 'One two'],
];

let server: ScriptedServer;
beforeAll(async () => {
  server = await serveScript();
});
afterAll(() => server.close());

const createdAt = NOW.toISOString();
const sentAt = { notedAt: new Date(NOW.getTime() - 60_000).toISOString() };

/** How each platform lists a text, and the evidence of the delivery. */
const platforms: { publisher: Publisher; shows: (text: string) => unknown; draft: CallDraft }[] = [
  {
    publisher: x,
    shows: (text) => ({ data: [{ id: '5', text, created_at: createdAt }], meta: { result_count: 1 } }),
    draft: { evidence: { newestPostId: '4', ...sentAt } },
  },
  {
    publisher: linkedin,
    shows: (text) => ({
      elements: [
        { id: 'urn:li:share:5', commentary: text, createdAt: NOW.getTime(), lastModifiedAt: NOW.getTime() },
      ],
    }),
    draft: {
      account: { remoteAccountId: 'urn:li:organization:1', handle: 'ada' },
      evidence: { knownUrns: [], ...sentAt },
    },
  },
  {
    publisher: mastodon,
    shows: (text) => [
      { id: '5', url: 'https://m.example/5', content: `<p>${text.replaceAll('\n', '<br>')}</p>`, text },
    ],
    draft: { evidence: { newestStatusId: '4', idempotencyKey: 'k', ...sentAt } },
  },
  {
    publisher: bluesky,
    shows: (text) => ({
      uri: 'at://did:plc:ada/app.bsky.feed.post/3lbn7vtbe2c2k',
      value: { text, createdAt },
    }),
    draft: {
      account: { remoteAccountId: 'did:plc:ada', handle: 'ada' },
      evidence: { rkey: '3lbn7vtbe2c2k', createdAt },
    },
  },
  {
    publisher: instagram,
    shows: (caption) => ({
      status_code: 'PUBLISHED',
      data: [
        { id: '5', caption, timestamp: createdAt, permalink: 'https://i.example/p/5', media_type: 'IMAGE' },
      ],
    }),
    draft: { media: [imageOf()], evidence: { containerId: 'c' } },
  },
];

describe.each(platforms.map((platform) => ({ id: platform.publisher.id, ...platform })))(
  'a look-up on $id',
  ({ publisher, shows, draft }) => {
    it.each(VARIANTS)('finds the sent post despite a change of %s', async (_, sent, shown) => {
      server.answer(() => ({ status: 200, body: shows(shown) }));
      const call = callOf(server.origin, {
        ...draft,
        text: sent,
        evidence: { ...(draft.evidence as Evidence) },
      });
      expect(await publisher.lookUp(lookOf(call, 60_000))).toMatchObject({
        outcome: 'published',
        receipt: { url: expect.any(String) },
      });
    });

    it('does not find another text', async () => {
      server.answer(() => ({ status: 200, body: shows('One three') }));
      const call = callOf(server.origin, { ...draft, text: 'One two' });
      const looked = await publisher.lookUp(lookOf(call, 60_000));
      if (looked.outcome === 'published') expect(looked.receipt.url).toBeNull();
      else expect(['ask_again', 'absent', 'uncertain']).toContain(looked.outcome);
    });
  },
);

describe('levelText', () => {
  it('keeps words, lines and emoji joiners', () => {
    expect(levelText('Hi 👩‍🚀,\n\none line')).toBe('Hi 👩‍🚀,\n\none line');
    expect(levelText('a b')).not.toBe(levelText('ab'));
    expect(levelText('a\nb')).not.toBe(levelText('a b'));
  });
  it('takes linear time', () => {
    const started = Date.now();
    for (const piece of [' ', '\n', ' \n', '\r', '\u200b', '\u00a0a'])
      expect(levelText(piece.repeat(100_000)).length).toBeLessThanOrEqual(200_000);
    expect(Date.now() - started).toBeLessThan(5_000);
  });
});
