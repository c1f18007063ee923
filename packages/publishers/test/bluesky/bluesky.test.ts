import { describe, expect, it } from '@jest/globals';
import { checkDraft } from '../../src/bluesky/check.ts';
import { errors, isBlobLost, isRecordAbsent } from '../../src/bluesky/errors.ts';
import { countGraphemes } from '../../src/graphemes.ts';
import type { DraftMedia } from '../../src/draft.ts';
import { bluesky } from '../../src/bluesky/index.ts';
import { checkSettings } from '../../src/settings.ts';
import { answer, draftOf, jpegDraft, NOW, videoDraft } from '../answers.ts';

type Media = DraftMedia[];
const check = (text: string, media: Media = []) => bluesky.check(draftOf({ text, media }));
const codes = (text: string, media: Media = []) => check(text, media).map((found) => found.code);
const family = '👨‍👩‍👧‍👦';

describe('Bluesky check', () => {
  it.each([
    ['日本語', 3],
    ['e\u0301', 1],
    [family, 1],
    ['👍🏽', 1],
    ['🇩🇪', 1],
    ['❤️', 1],
    ['a\r\nb', 3],
  ])('counts %s as %i', (text, graphemes) => expect(countGraphemes(text)).toBe(graphemes));

  it('allows 300 graphemes, not 301', () => {
    expect(codes('a'.repeat(300))).toEqual([]);
    expect(codes('a'.repeat(301))).toEqual(['text_too_long']);
    expect(codes('👍'.repeat(300))).toEqual([]);
    expect(codes('日'.repeat(301))).toEqual(['text_too_long']);
  });
  it('allows 3,000 bytes, not more', () => {
    expect(codes(family.repeat(120))).toEqual([]);
    expect(codes(family.repeat(120) + 'a')).toEqual(['text_too_many_bytes']);
  });
  it('needs a text or an image', () => {
    expect(codes(' \n')).toEqual(['text_missing']);
    expect(codes('', [jpegDraft()])).toEqual([]);
  });
  it('limits images', () => {
    expect(
      codes(
        'a',
        Array.from({ length: 4 }, () => jpegDraft()),
      ),
    ).toEqual([]);
    expect(
      check(
        'a',
        Array.from({ length: 5 }, () => jpegDraft()),
      ),
    ).toMatchObject([
      { code: 'too_many_media', detail: expect.stringContaining('at most 4 images to Bluesky') },
    ]);
    expect(codes('a', [jpegDraft({ byteSize: 1_000_000 })])).toEqual([]);
    expect(codes('a', [jpegDraft({ byteSize: 1_000_001 })])).toEqual(['media_too_large']);
    expect(codes('a', [jpegDraft({ mimeType: 'image/gif' })])).toEqual(['media_type_unsupported']);
  });
});

describe('Bluesky check: a video', () => {
  it.each([
    ['50,000,000 bytes', { byteSize: 50_000_000 }, []],
    ['a byte more', { byteSize: 50_000_001 }, ['media_too_large']],
    ['three minutes', { durationMs: 180_000 }, []],
    ['a second more', { durationMs: 181_000 }, ['video_duration']],
    ['a MOV', { mimeType: 'video/quicktime' }, ['media_type_unsupported']],
    ['another codec', { videoCodec: 'hevc' }, ['video_codec_unsupported']],
    ['an alt text of 1,000 characters', { altText: '👍'.repeat(1_000) }, []],
    ['an alt text of 1,001 characters', { altText: 'a'.repeat(1_001) }, ['alt_text_too_long']],
    [
      'an alt text of 2,001 characters, with one violation',
      { altText: 'a'.repeat(2_001) },
      ['alt_text_too_long'],
    ],
  ])('%s', (_, over, found) => {
    expect(codes('', [videoDraft(over)])).toEqual(found);
  });
  it('cannot be combined with other files', () => {
    expect(codes('a', [videoDraft(), videoDraft()])).toEqual(['too_many_media']);
    expect(codes('a', [videoDraft(), jpegDraft()])).toEqual(['media_mixed']);
  });
  it('has a lower limit for alt text than an image', () => {
    expect(codes('a', [jpegDraft({ altText: 'a'.repeat(2_000) })])).toEqual([]);
  });
});

describe('Bluesky check: settings', () => {
  const linkCard = { url: 'https://example.com/a', title: 'A page', description: '' };
  const broken = (settings: Record<string, unknown>, media: Media = []) =>
    checkDraft(draftOf({ text: 'a', media, settings })).map(({ field, code }) => [field, code]);

  it.each([['en'], ['pt-BR'], ['zh-Hant-TW'], ['sl-rozaj-biske-1994'], ['es-419'], ['en-x-solo']])(
    'allow the language %s',
    (tag) => expect(broken({ languages: [tag] })).toEqual([]),
  );
  it.each([[''], ['English language'], ['pt_BR'], ['e'], ['de-'], ['de ']])(
    'report an invalid language: %j',
    (tag) =>
      expect(broken({ languages: ['en', tag] })).toEqual([['settings/languages/1', 'language_invalid']]),
  );

  it.each([['https://example.com'], ['HTTP://example.com/ä?b#c'], ['http://[::1]:1/a']])(
    'allow a link card to %s',
    (url) => expect(broken({ linkCard: { ...linkCard, url } })).toEqual([]),
  );
  it.each([
    ['example.com'],
    ['https://'],
    ['https:///a'],
    ['https://a b'],
    ['ftp://a.example'],
    ['javascript:1'],
  ])('refuse a link card to %s', (url) =>
    expect(broken({ linkCard: { ...linkCard, url } })).toEqual([
      ['settings/linkCard/url', 'link_card_url_invalid'],
    ]),
  );

  it('allow one image beside a link card, also without a text', () => {
    const alone = ['settings/linkCard', 'link_card_with_media'];
    expect(broken({ linkCard }, [jpegDraft()])).toEqual([]);
    expect(broken({ linkCard }, [jpegDraft(), jpegDraft()])).toEqual([alone]);
    expect(broken({ linkCard }, [videoDraft()])).toEqual([alone]);
    expect(checkDraft(draftOf({ settings: { linkCard } }))).toEqual([]);
  });

  it.each([
    [{ languages: ['en', 'de', 'fr', 'it'] }, 'settings/languages', 'maxItems'],
    [{ languages: ['en', 'en'] }, 'settings/languages', 'uniqueItems'],
    [{ contentLabels: ['spam'] }, 'settings/contentLabels/0', 'enum'],
    [{ contentLabels: ['porn', 'porn'] }, 'settings/contentLabels', 'uniqueItems'],
    [{ linkCard: { url: 'https://a.example' } }, 'settings/linkCard', 'required'],
    [{ linkCard: { ...linkCard, title: '' } }, 'settings/linkCard/title', 'minLength'],
    [{ linkCard: { ...linkCard, title: 'a'.repeat(301) } }, 'settings/linkCard/title', 'maxLength'],
    [{ linkCard: { ...linkCard, thumb: 'x' } }, 'settings/linkCard/thumb', 'unknown_setting'],
  ])('are checked by their schema: %j', (settings, field, code) => {
    expect(checkSettings(bluesky, settings)).toMatchObject([{ field, code }]);
  });
});

const xrpc = (status: number, error: string) => answer(status, { error, message: 'M' });

describe('Bluesky refusals', () => {
  it.each([
    [xrpc(400, 'ExpiredToken'), 'failed', 'auth_expired', 'user'],
    [xrpc(400, 'InvalidToken'), 'failed', 'auth_expired', 'user'],
    [xrpc(401, 'AuthMissing'), 'failed', 'auth_expired', 'user'],
    [xrpc(401, 'AuthenticationRequired'), 'failed', 'auth_expired', 'user'],
    [answer(401), 'failed', 'auth_expired', 'user'],
    [xrpc(401, 'AccountTakedown'), 'failed', 'rejected_account', 'user'],
    [xrpc(400, 'InvalidRequest'), 'failed', 'unknown', 'operator'],
    [xrpc(400, 'BlobTooLarge'), 'failed', 'rejected_content', 'user'],
    [xrpc(413, 'PayloadTooLarge'), 'failed', 'rejected_content', 'user'],
    [xrpc(429, 'RateLimitExceeded'), 'wait_until', 'rate_limited', 'platform'],
    [answer(429, '<html>'), 'wait_until', 'rate_limited', 'platform'],
  ])('%#: reads %j', (response, outcome, kind, actor) => {
    const reason = expect.stringMatching(/Bluesky .{40}/);
    expect(errors.readRefusal(response, NOW)).toMatchObject({ outcome, failure: { kind, actor, reason } });
  });

  it.each([
    ['another record under the key', xrpc(400, 'InvalidSwap')],
    ['a lost upload', xrpc(400, 'BlobNotFound')],
    ['a missing record', xrpc(400, 'RecordNotFound')],
    ["a proxy's page", answer(413, '<html>too large</html>')],
  ])('do not include %s', (_, response) => {
    expect(errors.readRefusal(response, NOW)).toBeNull();
  });

  it('wait until the reset in a 429, or a minute without one', () => {
    const until = (headers: Record<string, string>) =>
      errors.readRefusal(answer(429, undefined, headers), NOW);
    const reset = String(NOW.getTime() / 1_000 + 90);
    expect(until({ 'ratelimit-reset': reset })).toMatchObject({ until: new Date('2026-11-22T10:01:30Z') });
    expect(until({})).toMatchObject({ until: new Date('2026-11-22T10:01:00Z') });
  });

  it('recognise a lost upload and a missing record only by their own errors', () => {
    expect(isBlobLost(xrpc(400, 'BlobNotFound'))).toBe(true);
    expect(isBlobLost(xrpc(400, 'InvalidRequest'))).toBe(false);
    expect(isRecordAbsent(xrpc(400, 'RecordNotFound'))).toBe(true);
    for (const other of [xrpc(400, 'InvalidRequest'), xrpc(404, 'RecordNotFound'), answer(400, '<html>')]) {
      expect(isRecordAbsent(other)).toBe(false);
    }
  });
});
