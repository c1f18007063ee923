import { describe, expect, it } from '@jest/globals';
import { checkDraft, limits as own } from '../../src/mastodon/check.ts';
import { mastodon } from '../../src/mastodon/index.ts';
import { countedLength } from '../../src/mastodon/count.ts';
import { errors, identityDialect, isInvalid } from '../../src/mastodon/errors.ts';
import { keyOf } from '../../src/mastodon/publish.ts';
import { describe as describeAnswer } from '../../src/detail.ts';
import type { DraftMedia } from '../../src/draft.ts';
import { limitsOf } from '../../src/mastodon/read-limits.ts';
import { Limits } from '../../src/limits.ts';
import { Value } from 'typebox/value';
import { answer, draftOf, jpegDraft, NOW, videoDraft } from '../answers.ts';

type Media = DraftMedia[];
const codes = (text: string, media: Media = []) =>
  mastodon.check(draftOf({ text, media })).map((found) => found.code);

describe('Mastodon check', () => {
  it.each([
    ['hello', 5],
    ['日本語', 3],
    ['e\u0301', 1],
    ['👨‍👩‍👧‍👦', 1],
    ['🇪🇺', 1],
    ['हिन्दी', 2],
    ['a\r\nb', 3],
    [' \n a \t\0', 1],
    ['\u00a0a\u00a0', 3],
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
    expect(codes('हिन्दी '.repeat(83))).toEqual([]);
    expect(codes('👨‍👩‍👧‍👦'.repeat(500))).toEqual([]);
    expect(codes('👨‍👩‍👧‍👦'.repeat(501))).toEqual(['text_too_long']);
    expect(codes(`${'a'.repeat(476)} https://example.com/${'b'.repeat(200)}`)).toEqual([]);
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
    expect(codes('a', [{ ...image, altText: 'a'.repeat(1_501) }])).toEqual(['alt_text_too_long']);
    // Counted in code points: an emoji is two code units, and a family emoji is one grapheme.
    expect(codes('a', [{ ...image, altText: '🌊'.repeat(1_500) }])).toEqual([]);
    expect(codes('a', [{ ...image, altText: '🌊'.repeat(1_501) }])).toEqual(['alt_text_too_long']);
    expect(codes('a', [{ ...image, altText: '👨‍👩‍👧'.repeat(301) }])).toEqual(['alt_text_too_long']);
  });
});

describe('Mastodon check of a GIF and a video', () => {
  const gif = jpegDraft({ kind: 'gif', mimeType: 'image/gif', width: 1_280, height: 720 });
  it('allows one, without other files', () => {
    expect(codes('a', [gif])).toEqual([]);
    expect(codes('', [videoDraft()])).toEqual([]);
    expect(codes('a', [gif, gif])).toEqual(['too_many_media']);
    expect(codes('a', [videoDraft(), jpegDraft()])).toEqual(['media_mixed']);
    expect(codes('a', [gif, jpegDraft()])).toEqual(['media_mixed']);
  });
  it('limits bytes, pixels and frame rate', () => {
    expect(codes('a', [{ ...gif, width: 1_281 }])).toEqual(['media_too_many_pixels']);
    expect(codes('a', [{ ...gif, byteSize: 16_777_217 }])).toEqual(['media_too_large']);
    expect(codes('a', [videoDraft({ byteSize: 103_809_024 })])).toEqual([]);
    expect(codes('a', [videoDraft({ byteSize: 103_809_025 })])).toEqual(['media_too_large']);
    expect(codes('a', [videoDraft({ width: 3_840, height: 2_161 })])).toEqual(['media_too_many_pixels']);
    expect(codes('a', [videoDraft({ frameRate: 121 })])).toEqual(['video_frame_rate']);
  });
});

describe('Mastodon check of a content warning', () => {
  const check = (text: string, spoilerText: string) =>
    checkDraft(draftOf({ text, settings: { spoilerText } }));
  it('counts it together with the text, with links in full', () => {
    expect(check('a'.repeat(400), 'b'.repeat(100))).toEqual([]);
    const detail = expect.stringContaining('its content warning together; these have 501.');
    expect(check('a'.repeat(400), 'b'.repeat(101))).toEqual([
      { field: 'text', code: 'text_too_long', detail },
    ]);
    expect(check('a', `https://example.com/${'b'.repeat(480)}`)).toMatchObject([{ code: 'text_too_long' }]);
    expect(check('a'.repeat(500), '  ')).toEqual([]);
    expect(check('a'.repeat(500), '\u200b\u3164')).toEqual([]);
    expect(check('👨‍👩‍👧‍👦'.repeat(400), 'e\u0301'.repeat(100))).toEqual([]);
    expect(check('👨‍👩‍👧‍👦'.repeat(400), 'e\u0301'.repeat(101))).toMatchObject([{ code: 'text_too_long' }]);
  });
  it('does not replace the text', () => expect(check('', 'b')).toMatchObject([{ code: 'text_missing' }]));
});

describe('the limits of a Mastodon server', () => {
  const configuration = {
    statuses: { max_characters: 5_000, max_media_attachments: 6, characters_reserved_per_url: 25 },
    media_attachments: {
      supported_mime_types: ['image/jpeg', 'image/webp', 'image/gif', 'video/mp4', 'audio/ogg'],
      description_limit: 4_000,
      image_size_limit: 1_000,
      image_matrix_limit: 2_000,
      video_size_limit: 3_000,
      video_frame_rate_limit: 60,
      video_matrix_limit: 4_000,
    },
  };
  it('are read from its configuration', () => {
    expect(limitsOf({ configuration })).toMatchObject({
      maxTextLength: 5_000,
      charactersPerLink: 25,
      media: {
        max: 6,
        mixed: false,
        maxAltTextLength: 4_000,
        image: { max: 6, mimeTypes: ['image/jpeg', 'image/webp'], maxBytes: 1_000, maxPixels: 2_000 },
        gif: { max: 1, maxBytes: 1_000, maxPixels: 921_600 },
        video: { max: 1, mimeTypes: ['video/mp4'], maxBytes: 3_000, maxPixels: 4_000, maxFrameRate: 60 },
      },
    });
  });
  it('apply to the drafts of its accounts', () => {
    const limits = limitsOf({ configuration });
    const check = (text: string, media: Media = []) =>
      checkDraft(draftOf({ text, media }), limits).map(({ code }) => code);
    expect(check('a'.repeat(5_000))).toEqual([]);
    expect(check('a'.repeat(5_001))).toEqual(['text_too_long']);
    expect(check(`${'a'.repeat(4_974)} https://example.com`)).toEqual([]);
    expect(check(`${'a'.repeat(4_975)} https://example.com`)).toEqual(['text_too_long']);
    const small = jpegDraft({ width: 10, height: 10 });
    expect(check('a', [small, small, small, small, small])).toEqual([]);
    expect(check('a', [jpegDraft({ byteSize: 1_001, width: 10, height: 10 })])).toEqual(['media_too_large']);
  });
  it('leave out kinds of files that it does not take', () => {
    const media_attachments = { supported_mime_types: ['image/png', 'image/jpeg'] };
    const { media } = limitsOf({ configuration: { media_attachments } });
    expect(media).not.toHaveProperty('gif');
    expect(media).not.toHaveProperty('video');
    expect(media.image).toEqual({ ...own.media.image, mimeTypes: ['image/jpeg', 'image/png'] });
  });
  it('come from `max_toot_chars` if there is no configuration', () => {
    expect(limitsOf({ max_toot_chars: 7_000 })).toEqual({ ...own, maxTextLength: 7_000 });
  });

  const everywhere = (value: unknown) => ({
    max_toot_chars: value,
    configuration: {
      statuses: Object.fromEntries(Object.keys(configuration.statuses).map((name) => [name, value])),
      media_attachments: Object.fromEntries(
        Object.keys(configuration.media_attachments).map((name) => [name, value]),
      ),
    },
  });
  it.each([0, -1, 0.5, Number.NaN, null, '700', true, {}, [], undefined])(
    'are the defaults if it says %j',
    (value) => expect(limitsOf(everywhere(value))).toEqual(own),
  );
  it.each([1e12, Number.MAX_VALUE, Infinity])('are cut at upper bounds if it says %d', (value) => {
    const limits = limitsOf(everywhere(value));
    expect(Value.Check(Limits, limits)).toBe(true);
    expect(limits).toMatchObject({
      maxTextLength: 100_000,
      charactersPerLink: 1_000,
      media: {
        max: 20,
        maxAltTextLength: 10_000,
        image: { maxBytes: 1e9, maxPixels: 1e9 },
        video: { maxBytes: 1e9, maxPixels: 1e9, maxFrameRate: 1_000 },
      },
    });
  });
  it.each([
    {},
    [],
    { configuration: null },
    { configuration: { statuses: [], media_attachments: 'none' } },
    { __proto__: { max_toot_chars: 1 } },
    { configuration: { media_attachments: { supported_mime_types: [1, null, 'image/jpeg'] } } },
  ])('%#: are the defaults for a malformed instance', (instance) => {
    expect(limitsOf(instance)).toMatchObject({ maxTextLength: 500, media: { max: 4 } });
  });
});

const says = (status: number, error: string, headers?: Record<string, string>) =>
  answer(status, { error }, headers);

describe('Mastodon refusals', () => {
  it('include a bare 422 for `identity`, which means a bad token', () => {
    expect(errors.readRefusal(answer(422), NOW)).toBeNull();
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
    [says(429, 'Too many requests'), 'wait_until', 'rate_limited', 'platform'],
    [answer(429, '<html>'), 'wait_until', 'rate_limited', 'platform'],
  ])('%#: reads %j', (response, outcome, kind, actor) => {
    const read = errors.readRefusal(response, NOW);
    expect(read).toMatchObject({ outcome, failure: { kind, actor } });
    expect(read?.failure.reason).toMatch(/Mastodon.*\.$/);
  });

  it.each([
    ['a 404', says(404, 'Record not found')],
    ["a proxy's page", answer(403, '<html>blocked</html>')],
    ["a proxy's 422", answer(422, '<html>')],
    ['JSON in another form', answer(422, { message: 'no' })],
    ['an undocumented answer', says(409, 'Conflict')],
  ])('do not include %s', (_, response) => {
    expect(errors.readRefusal(response, NOW)).toBeNull();
  });

  const until = (reset?: string) =>
    errors.readRefusal(
      answer(429, undefined, reset === undefined ? {} : { 'x-ratelimit-reset': reset }),
      NOW,
    );

  it('wait until the date in the header of a 429, or a minute without one', () => {
    expect(until('2026-11-22T10:01:30.000000Z')).toMatchObject({ until: new Date('2026-11-22T10:01:30Z') });
    expect(until('2026-11-22T12:01:30+02:00')).toMatchObject({ until: new Date('2026-11-22T10:01:30Z') });
    expect(until()).toMatchObject({ until: new Date('2026-11-22T10:01:00Z') });
  });

  it("include a 422 only in Mastodon's own form", () => {
    expect(isInvalid(says(422, 'no'))).toBe(true);
    expect(isInvalid(answer(422, '<html>'))).toBe(false);
  });

  it("keep the server's words for the ledger, without the text", () => {
    const secrets = { credentials: { accessToken: 'secret-token' }, text: 'my secret text' };
    const said = describeAnswer(secrets, says(422, 'Validation failed: my secret text is bad'));
    expect(said).toBe('HTTP 422 error Validation failed: […] is bad');
  });
});

describe('the idempotency key', () => {
  const image = (id: string, altText: string | null = null) => ({ id, altText }) as never;
  const key = (text: string, media: never[] = [], root = 'root', settings = {}) =>
    keyOf({ text, media, settings }, root);

  it('is the same for the same content, and different for any other', () => {
    expect(key('a', [image('1')])).toBe(key('a', [image('1')]));
    const keys = [
      key('a'),
      key('b'),
      key('a', [], 'other'),
      key('a', [image('1')]),
      key('a', [image('1', 'alt')]),
      key('a', [image('1'), image('2')]),
      key('a', [image('2'), image('1')]),
      key('a', [], 'root', { visibility: 'private' }),
      key('a', [], 'root', { spoilerText: 'b' }),
      key('a', [], 'root', { language: 'de' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
  it('has the form of older versions if no settings are chosen', () => {
    const before = 'root-42db21f7b88c0cf2';
    expect(key('a', [image('1', 'alt')])).toBe(before);
    const nothing = { visibility: 'public', spoilerText: ' ', sensitive: false, language: '' };
    expect(key('a', [image('1', 'alt')], 'root', nothing)).toBe(before);
  });
});
