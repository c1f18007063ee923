import { describe, expect, it } from '@jest/globals';
import { weightedLength } from '../../src/x/check.ts';
import { errors, isDuplicate, isMediaInvalid } from '../../src/x/errors.ts';
import { x } from '../../src/x/index.ts';
import type { DraftMedia } from '../../src/draft.ts';
import { answer, draftOf, jpegDraft, jpegDrafts, NOW, videoDraft } from '../answers.ts';

const gifDraft = (over: Partial<DraftMedia> = {}) =>
  jpegDraft({ kind: 'gif', mimeType: 'image/gif', ...over });

type Media = DraftMedia[];
const codes = (text: string, media: Media = []) =>
  x.check(draftOf({ text, media })).map((found) => found.code);

describe('X check', () => {
  it.each([
    ['日本語', 6],
    ['café', 4],
    ['👨‍👩‍👧‍👦', 2],
    ['https://example.com/a/very/long/path?with=query', 23],
    ['example.com', 23],
    ['→', 2],
  ])('weighs %s as %i', (text, weight) => expect(weightedLength(text)).toBe(weight));

  it('allows 280, not 281', () => {
    expect(codes('a'.repeat(280))).toEqual([]);
    expect(codes('a'.repeat(281))).toEqual(['text_too_long']);
    expect(codes('日'.repeat(141))).toEqual(['text_too_long']);
  });
  it('needs a text or an image', () => {
    expect(codes(' ')).toEqual(['text_missing']);
    expect(codes('', [jpegDraft()])).toEqual([]);
  });
  it('allows one cashtag', () => {
    expect(codes('$AAPL')).toEqual([]);
    expect(codes('$AAPL $MSFT')).toEqual(['too_many_cashtags']);
  });
  it('gives the position of the second cashtag', () => {
    expect(x.check(draftOf({ text: '👍 $AAPL or $MSFT, $TSLA' }))).toMatchObject([
      { detail: expect.stringContaining('$MSFT'), at: { offset: 12, length: 5 } },
    ]);
  });
  it('reports and names each character that X refuses', () => {
    const text = '👍\ufeffHello \ufffe and \ufffe \u202ex\u202c';
    expect(x.check(draftOf({ text }))).toEqual([
      {
        field: 'text',
        code: 'text_invalid_characters',
        detail:
          'X refuses a character in this text: U+FEFF (byte order mark, or zero width no-break space) at offset 2. Take it out.',
        at: {
          offset: 2,
          length: 1,
          character: { codePoint: 'U+FEFF', name: 'byte order mark, or zero width no-break space' },
        },
      },
      expect.objectContaining({
        at: { offset: 9, length: 1, character: expect.objectContaining({ codePoint: 'U+FFFE' }) },
      }),
    ]);
  });
  it('limits images', () => {
    expect(codes('a', jpegDrafts(4))).toEqual([]);
    expect(codes('a', jpegDrafts(5))).toEqual(['too_many_media']);
    expect(codes('a', [jpegDraft({ byteSize: 5_000_001 })])).toEqual(['media_too_large']);
    expect(codes('a', [jpegDraft({ mimeType: 'image/gif' })])).toEqual(['media_type_unsupported']);
  });
  it.each([
    [gifDraft(), []],
    [gifDraft({ width: 1_280, height: 1_080 }), []],
    [gifDraft({ width: 1_080, height: 1_280 }), []],
    [gifDraft({ width: 1_281, height: 100 }), ['media_sides']],
    [gifDraft({ width: 1_100, height: 1_100 }), ['media_sides']],
    [gifDraft({ byteSize: 15_000_001 }), ['media_too_large']],
    [videoDraft(), []],
    [videoDraft({ width: 720, height: 1_280 }), []],
    [videoDraft({ width: 1_024, height: 1_280 }), []],
    [videoDraft({ width: 1_280, height: 1_024, audioCodec: null }), []],
    [videoDraft({ width: 1_920, height: 1_080 }), []],
    [videoDraft({ width: 1_080, height: 1_920 }), []],
    [videoDraft({ width: 1_921, height: 1_080 }), ['media_sides']],
    [videoDraft({ width: 1_100, height: 1_100 }), ['media_sides']],
    [videoDraft({ width: 31, height: 40 }), ['video_width']],
    [videoDraft({ width: 1_280, height: 400 }), ['media_ratio_unsupported']],
    [videoDraft({ width: 400, height: 1_280 }), ['media_ratio_unsupported']],
    [videoDraft({ durationMs: 499 }), ['video_duration']],
    [videoDraft({ durationMs: 1_200_001 }), ['video_duration']],
    [videoDraft({ frameRate: 61 }), ['video_frame_rate']],
    [videoDraft({ byteSize: 8_000_000_001 }), ['media_too_large']],
    [videoDraft({ videoCodec: 'hevc' }), ['video_codec_unsupported']],
    [videoDraft({ audioCodec: 'opus' }), ['audio_codec_unsupported']],
    [videoDraft({ mimeType: 'video/webm' }), ['media_type_unsupported']],
  ])('%#: limits GIFs and videos', (file, found) => expect(codes('a', [file])).toEqual(found));
  it('allows four images, or one GIF, or one video', () => {
    expect(codes('a', [jpegDraft(), videoDraft()])).toEqual(['media_mixed']);
    expect(codes('a', [gifDraft(), videoDraft()])).toEqual(['media_mixed']);
    expect(codes('a', [videoDraft(), videoDraft()])).toEqual(['too_many_media']);
    expect(codes('a', [gifDraft(), gifDraft()])).toEqual(['too_many_media']);
    expect(codes('', [videoDraft()])).toEqual([]);
  });
});

const problem = (status: number, over: object = {}) =>
  answer(status, { title: 'T', detail: 'D', type: 'about:blank', status, ...over });

describe('X refusals', () => {
  it.each([
    [problem(400), 'failed', 'unknown'],
    [problem(401), 'failed', 'auth_expired'],
    [answer(401), 'failed', 'auth_expired'],
    [problem(402, { title: 'CreditsDepleted' }), 'wait_until', 'quota_exhausted'],
    [problem(403), 'failed', 'unknown'],
    [problem(403, { detail: 'Your account is suspended' }), 'failed', 'rejected_account'],
    [
      problem(403, { type: 'https://api.twitter.com/2/problems/client-forbidden' }),
      'failed',
      'misconfigured',
    ],
    [
      problem(403, { type: 'https://api.twitter.com/2/problems/usage-capped' }),
      'wait_until',
      'quota_exhausted',
    ],
    [problem(429), 'wait_until', 'rate_limited'],
    [answer(429, '<html>'), 'wait_until', 'rate_limited'],
  ])('%#: reads %j', (response, outcome, kind) => {
    expect(errors.readRefusal(response, NOW)).toMatchObject({ outcome, failure: { kind } });
  });

  it('wait until the time in the headers of a 429, or a minute without them', () => {
    const reset = String(NOW.getTime() / 1_000 + 90);
    const told = answer(429, undefined, { 'x-rate-limit-reset': reset });
    expect(errors.readRefusal(told, NOW)).toMatchObject({ until: new Date('2026-11-22T10:01:30Z') });
    expect(errors.readRefusal(answer(429), NOW)).toMatchObject({ until: new Date('2026-11-22T10:01:00Z') });
  });

  it('wait for the daily window if that is used up, not for the 15 minutes', () => {
    const seconds = NOW.getTime() / 1_000;
    const told = answer(429, undefined, {
      'x-rate-limit-reset': String(seconds + 90),
      'x-user-limit-24hour-remaining': '0',
      'x-user-limit-24hour-reset': String(seconds + 3_600),
    });
    expect(errors.readRefusal(told, NOW)).toMatchObject({ until: new Date('2026-11-22T11:00:00Z') });
  });

  const duplicate = problem(403, {
    detail: 'You are not allowed to create a Tweet with duplicate content.',
    title: 'Forbidden',
  });

  it.each([
    ['a duplicate', duplicate],
    ["a proxy's page", answer(403, '<html>blocked</html>')],
    ['an undocumented answer', problem(409)],
  ])('do not include %s', (_, response) => {
    expect(errors.readRefusal(response, NOW)).toBeNull();
  });

  it('recognise a duplicate and a lost upload', () => {
    expect(isDuplicate(duplicate)).toBe(true);
    expect(isDuplicate(problem(403))).toBe(false);
    const gone = { errors: [{ message: 'Your media IDs are invalid.' }] };
    expect(isMediaInvalid(problem(400, gone))).toBe(true);
    expect(isMediaInvalid(problem(400))).toBe(false);
  });
});
