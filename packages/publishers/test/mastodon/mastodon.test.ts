import { describe, expect, it } from '@jest/globals';
import { checkDraft } from '../../src/mastodon/check.ts';
import { countedLength } from '../../src/mastodon/count.ts';
import { dialect, identityDialect, isInvalid } from '../../src/mastodon/errors.ts';
import { keyOf } from '../../src/mastodon/publish.ts';
import { describe as describeAnswer } from '../../src/detail.ts';
import type { DraftMedia } from '../../src/publisher.ts';
import { answer, draftOf, jpegDraft, NOW } from '../answers.ts';

type Media = DraftMedia[];
const codes = (text: string, media: Media = []) =>
  checkDraft(draftOf({ text, media })).map((found) => found.code);

describe('Mastodon check', () => {
  it.each([
    ['hello', 5],
    ['日本語', 3],
    ['e\u0301', 2],
    ['👨‍👩‍👧‍👦', 7],
    ['🇪🇺', 2],
    ['https://example.com/a/very/long/path?with=query&more=1#fragment', 23],
    ['https://example.com/日本語/pfad', 23],
    ['https://example.com/a_(b)_c', 23],
    ['(https://example.com/a)', 25],
    ['https://example.com/a...', 26],
    ['https://example.com?', 24],
    ['https://example.com/?q=1!', 24],
    ['example.com', 11],
    ['ftp://example.com', 17],
    ['http://localhost', 16],
    ['http://a.example.com http://b.example.com', 47],
    ['@alice@social.example.com', 6],
    ['@alice@social.example.com.', 7],
    ['@alice', 6],
    ['alice@example.com', 17],
    ['@alice.b-c@social.example.com hi', 13],
    ['https://social.example.com/@alice@other.example.com', 23],
  ])('counts %s as %i', (text, length) => expect(countedLength(text)).toBe(length));

  it('allows 500, not 501', () => {
    expect(codes('a'.repeat(500))).toEqual([]);
    expect(codes('a'.repeat(501))).toEqual(['text_too_long']);
    expect(codes(`${'a'.repeat(476)} https://example.com/${'b'.repeat(200)}`)).toEqual([]);
  });
  it('counts in a moment, also what is made to take long', () => {
    const start = performance.now();
    for (const nasty of ['(', '@a.', 'http://a.', 'https://a.com/(', 'https://a.com/?', '@a@b-'])
      countedLength(nasty.repeat(2_000));
    expect(performance.now() - start).toBeLessThan(5_000);
  });
  it('needs a text or an image', () => {
    expect(codes(' ')).toEqual(['text_missing']);
    expect(codes('', [jpegDraft()])).toEqual([]);
  });
  it('limits images', () => {
    const image = jpegDraft();
    expect(codes('a', [image, image, image, image])).toEqual([]);
    expect(checkDraft(draftOf({ text: 'a', media: [image, image, image, image, image] }))).toMatchObject([
      { code: 'too_many_media', detail: expect.stringContaining('at most 4 images') },
    ]);
    expect(codes('a', [jpegDraft({ byteSize: 16_777_217 })])).toEqual(['media_too_large']);
    expect(codes('a', [jpegDraft({ mimeType: 'image/gif' })])).toEqual(['media_type_unsupported']);
    expect(codes('a', [{ ...image, altText: 'a'.repeat(1_501) }])).toEqual(['alt_text_too_long']);
  });
});

const says = (status: number, error: string, headers?: Record<string, string>) =>
  answer(status, { error }, headers);

describe('Mastodon refusals', () => {
  it('takes a 422 without a word for one of the token where nothing else was sent', () => {
    expect(dialect.readRefusal(answer(422), NOW)).toBeNull();
    expect(identityDialect.readRefusal(answer(422), NOW)).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'auth_expired', actor: 'user' },
    });
    expect(identityDialect.readRefusal(answer(401), NOW)).toMatchObject({
      failure: { kind: 'auth_expired' },
    });
  });

  it.each([
    [says(401, 'The access token is invalid'), 'failed', 'auth_expired', 'user'],
    [says(401, 'The access token was revoked'), 'failed', 'auth_expired', 'user'],
    [answer(401), 'failed', 'auth_expired', 'user'],
    [says(403, 'This action is outside the authorized scopes'), 'failed', 'auth_expired', 'user'],
    [says(403, 'Your login is currently disabled'), 'failed', 'rejected_account', 'user'],
    [says(422, "Validation failed: Text can't be blank"), 'failed', 'rejected_content', 'user'],
    [says(422, 'Gültigkeitsprüfung ist fehlgeschlagen'), 'failed', 'rejected_content', 'user'],
    [answer(413, '<html>'), 'failed', 'rejected_content', 'user'],
    [says(429, 'Too many requests'), 'wait-until', 'rate_limited', 'platform'],
    [answer(429, '<html>'), 'wait-until', 'rate_limited', 'platform'],
  ])('%#: reads %j', (response, outcome, kind, actor) => {
    const read = dialect.readRefusal(response, NOW);
    expect(read).toMatchObject({ outcome, failure: { kind, actor } });
    expect(read?.failure.reason).toMatch(/Mastodon.*\.$/);
  });

  it.each([
    ['a not found', says(404, 'Record not found')],
    ["a proxy's page", answer(403, '<html>blocked</html>')],
    ["a proxy's 422", answer(422, '<html>')],
    ['JSON that is not in its form', answer(422, { message: 'no' })],
    ['an answer it does not document', says(409, 'Conflict')],
  ])('does not take %s for a refusal', (_, response) => {
    expect(dialect.readRefusal(response, NOW)).toBeNull();
  });

  const until = (reset?: string) =>
    dialect.readRefusal(
      answer(429, undefined, reset === undefined ? {} : { 'x-ratelimit-reset': reset }),
      NOW,
    );

  it('comes back at the date in the header, and in a minute without one', () => {
    expect(until('2026-11-22T10:01:30.000000Z')).toMatchObject({ until: new Date('2026-11-22T10:01:30Z') });
    expect(until('2026-11-22T12:01:30+02:00')).toMatchObject({ until: new Date('2026-11-22T10:01:30Z') });
    expect(until()).toMatchObject({ until: new Date('2026-11-22T10:01:00Z') });
  });
  it.each(['1795341690', '60', 'soon', '2026', ''])('takes %j for no date', (reset) => {
    expect(until(reset)).toMatchObject({ until: new Date('2026-11-22T10:01:00Z') });
  });
  it('never waits for the past', () => {
    expect(until('2020-01-01T00:00:00Z')).toMatchObject({ until: new Date('2026-11-22T10:00:01Z') });
  });

  it('knows a 422 of its own', () => {
    expect(isInvalid(says(422, 'no'))).toBe(true);
    expect(isInvalid(answer(422, '<html>'))).toBe(false);
  });

  it('keeps its words for the ledger, without the text', () => {
    const secrets = { credentials: { accessToken: 'secret-token' }, text: 'my secret text' };
    const said = describeAnswer(secrets, says(422, 'Validation failed: my secret text is bad'));
    expect(said).toBe('HTTP 422 error Validation failed: […] is bad');
  });
});

describe('the key', () => {
  const image = (id: string, altText: string | null = null) => ({ id, altText }) as never;
  const key = (text: string, media: never[] = [], root = 'root') => keyOf({ text, media }, root);

  it('is the same for the same, and another one for anything else', () => {
    expect(key('a', [image('1')])).toBe(key('a', [image('1')]));
    const keys = [
      key('a'),
      key('b'),
      key('a', [], 'other'),
      key('a', [image('1')]),
      key('a', [image('1', 'alt')]),
      key('a', [image('1'), image('2')]),
      key('a', [image('2'), image('1')]),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
