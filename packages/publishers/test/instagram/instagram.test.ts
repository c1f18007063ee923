import { describe, expect, it } from '@jest/globals';
import { checkDraft } from '../../src/instagram/check.ts';
import { instagram } from '../../src/instagram/index.ts';
import { errors, isContainerLost, isNotReady, readContainerFailure } from '../../src/instagram/errors.ts';
import { answer, draftOf, jpegDraft, jpegDrafts, NOW, videoDraft } from '../answers.ts';

const codes = (text: string, media = [jpegDraft()]) =>
  checkDraft(draftOf({ text, media })).map((found) => found.code);
const storyCodes = (media = [jpegDraft()], text = '') =>
  instagram.check(draftOf({ text, media, settings: { kind: 'story' } })).map((found) => found.code);
const graphError = (code: number, error_subcode?: number) =>
  answer(400, { error: { message: 'm', type: 'OAuthException', code, error_subcode } });

describe('Instagram check', () => {
  it('takes an image without a text', () => expect(codes('')).toEqual([]));
  it('refuses a text without an image', () => expect(codes('a', [])).toEqual(['media_missing']));
  it('takes ten images, not eleven', () => {
    expect(codes('a', jpegDrafts(10))).toEqual([]);
    expect(codes('a', jpegDrafts(11))).toEqual(['too_many_media']);
  });
  it('checks the ratio of every image', () => {
    const wide = jpegDraft({ width: 2_000, height: 1_000 });
    expect(checkDraft(draftOf({ text: 'a', media: [jpegDraft(), wide] }))).toMatchObject([
      { field: 'media/1', code: 'media_ratio_unsupported' },
    ]);
  });
  it('takes JPEG only', () => {
    expect(codes('a', [jpegDraft({ mimeType: 'image/png' })])).toEqual(['media_type_unsupported']);
  });
  it('limits the caption in UTF-16 code units', () => {
    expect(codes('a'.repeat(2_200))).toEqual([]);
    expect(codes('👍'.repeat(1_101))).toEqual(['text_too_long']);
  });
  it('limits hashtags and mentions', () => {
    expect(codes('#a '.repeat(30) + '@b '.repeat(20))).toEqual([]);
    expect(codes('#a '.repeat(31))).toEqual(['too_many_hashtags']);
    expect(codes('@b '.repeat(21))).toEqual(['too_many_mentions']);
  });
  it.each([
    [1_080, 1_350, []],
    [1_080, 566, []],
    [1_080, 1_440, []],
    [3_024, 4_032, []],
    [1_080, 1_920, ['media_ratio_unsupported']],
    [2_000, 1_000, ['media_ratio_unsupported']],
  ])('%i × %i', (width, height, expected) => {
    expect(codes('a', [jpegDraft({ width, height })])).toEqual(expected);
  });
  it('limits bytes', () => {
    expect(codes('a', [jpegDraft({ byteSize: 8_000_001 })])).toEqual(['media_too_large']);
  });
});

describe('Instagram check: videos', () => {
  it.each([
    ['at its shortest', { durationMs: 3_000 }, []],
    ['at its longest', { durationMs: 900_000, byteSize: 300_000_000 }, []],
    ['of 1920 in width and 60 frames', { width: 1_920, height: 1_080, frameRate: 60 }, []],
    ['of a film’s frame rate, in HEVC, as MOV', { frameRate: 23.976, videoCodec: 'hevc' }, []],
    ['as MOV', { mimeType: 'video/quicktime' }, []],
    ['without sound', { audioCodec: null }, []],
    ['upright', { width: 1_080, height: 1_920 }, []],
    ['too short', { durationMs: 2_999 }, ['video_duration']],
    ['too long', { durationMs: 900_001 }, ['video_duration']],
    ['too large', { byteSize: 300_000_001 }, ['media_too_large']],
    ['too wide', { width: 1_921 }, ['video_width']],
    ['too slow', { frameRate: 22 }, ['video_frame_rate']],
    ['too fast', { frameRate: 61 }, ['video_frame_rate']],
    ['in another codec', { videoCodec: 'vp9' }, ['video_codec_unsupported']],
    ['in another container', { mimeType: 'video/webm' }, ['media_type_unsupported']],
  ])('%s', (_name, over, expected) => {
    expect(codes('', [videoDraft(over)])).toEqual(expected);
  });
  it('can be mixed with images in one carousel of ten', () => {
    expect(codes('a', [...jpegDrafts(9), videoDraft()])).toEqual([]);
    expect(codes('a', [...jpegDrafts(9), videoDraft(), videoDraft()])).toEqual(['too_many_media']);
  });
});

describe('Instagram check: stories', () => {
  it('allow one image of any ratio, or one video of a minute', () => {
    expect(storyCodes([jpegDraft({ width: 1_080, height: 1_920 })])).toEqual([]);
    expect(storyCodes([videoDraft({ durationMs: 60_000, byteSize: 100_000_000 })])).toEqual([]);
  });
  it.each([
    ['no file', [], ['media_missing']],
    ['two images', jpegDrafts(2), ['too_many_media']],
    ['an image and a video', [jpegDraft(), videoDraft()], ['too_many_media']],
    ['a longer video', [videoDraft({ durationMs: 60_001 })], ['video_duration']],
    ['a larger video', [videoDraft({ byteSize: 100_000_001 })], ['media_too_large']],
  ])('refuse %s', (_name, media, expected) => {
    expect(storyCodes(media)).toEqual(expected);
  });
  it('refuse a text and say where it can go, but allow a blank one', () => {
    expect(storyCodes([jpegDraft()], ' \n')).toEqual([]);
    const draft = draftOf({ text: 'Words', media: [jpegDraft()], settings: { kind: 'story' } });
    const detail = expect.stringMatching(/takes no text.*empty text.*feed/);
    expect(checkDraft(draft)).toEqual([{ field: 'text', code: 'story_takes_no_text', detail }]);
  });
});

describe('Instagram check: the cover of a reel', () => {
  const cover = (coverOffsetMs: number, media = [videoDraft()], kind = 'feed') =>
    checkDraft(draftOf({ media, settings: { kind, coverOffsetMs } }));
  it('must be before its end', () => {
    expect(cover(0)).toEqual([]);
    expect(cover(9_999)).toEqual([]);
    const detail = expect.stringContaining('10000 ms');
    expect(cover(10_000)).toEqual([{ field: 'settings/coverOffsetMs', code: 'cover_after_end', detail }]);
  });
  it.each([
    ['an image', [jpegDraft()], 'feed'],
    ['a carousel', [videoDraft(), videoDraft()], 'feed'],
    ['a story', [videoDraft()], 'story'],
  ])('is refused for a post that is %s', (_name, media, kind) => {
    expect(cover(1, media, kind)).toMatchObject([
      { field: 'settings/coverOffsetMs', code: 'cover_without_reel' },
    ]);
  });
});

describe('Instagram refusals', () => {
  it.each([4, 17, 32, 613, 80001, 80002])('read code %i with status 400 as a rate limit', (code) => {
    expect(errors.readRefusal(graphError(code), NOW)).toMatchObject({
      outcome: 'wait_until',
      failure: { kind: 'rate_limited' },
    });
  });

  it('wait for the minutes in the usage header', () => {
    const usage = JSON.stringify({ '178': [{ type: 'instagram', estimated_time_to_regain_access: 7 }] });
    const response = { ...graphError(4), headers: new Headers({ 'x-business-use-case-usage': usage }) };
    expect(errors.readRefusal(response, NOW)).toMatchObject({ until: new Date('2026-11-22T10:07:00Z') });
  });

  it.each<[number, number | undefined, string, string]>([
    [190, 463, 'failed', 'auth_expired'],
    [10, undefined, 'failed', 'rejected_account'],
    [200, undefined, 'failed', 'rejected_account'],
    [25, 2207050, 'failed', 'rejected_account'],
    [4, 2207051, 'failed', 'rejected_content'],
    [9, 2207042, 'wait_until', 'rate_limited'],
    [9007, 2207027, 'wait_until', 'unavailable'],
    [36003, 2207009, 'failed', 'rejected_content'],
    [9004, 2207052, 'retry', 'media_unavailable'],
    [-1, 2207001, 'retry', 'unavailable'],
    [100, 33, 'retry', 'unavailable'],
    [352, 2207026, 'failed', 'rejected_content'],
    [1, 2207057, 'failed', 'rejected_content'],
    [-1, 2207053, 'retry', 'unavailable'],
    [100, 2207023, 'failed', 'rejected_content'],
    [1, undefined, 'retry', 'unavailable'],
  ])('%i/%s → %s %s', (code, subcode, outcome, kind) => {
    expect(errors.readRefusal(graphError(code, subcode), NOW)).toMatchObject({ outcome, failure: { kind } });
  });

  it("need Instagram's own error form", () => {
    expect(errors.readRefusal(graphError(987_654), NOW)).toMatchObject({ failure: { kind: 'unknown' } });
    expect(errors.readRefusal(answer(400, '<html>'), NOW)).toBeNull();
  });

  it('are believed at once only for 9007', () => {
    expect(isNotReady(graphError(9007, 2207027))).toBe(true);
    expect(isNotReady(graphError(4, 2207051))).toBe(false);
  });

  it('distinguish unusable children from a server error', () => {
    expect(isContainerLost(graphError(24, 2207006))).toBe(true);
    expect(isContainerLost(graphError(24, 2207008))).toBe(true);
    expect(isContainerLost(graphError(-2, 2207020))).toBe(true);
    expect(isContainerLost(graphError(-1, 2207001))).toBe(false);
    expect(isContainerLost(graphError(9007, 2207027))).toBe(false);
  });

  it('include the reason why a container failed', () => {
    const failure = readContainerFailure('Error: Media upload has failed with error code 2207009', NOW);
    expect(failure).toMatchObject({ outcome: 'failed', failure: { kind: 'rejected_content' } });
    expect(readContainerFailure('Error: something', NOW)).toMatchObject({ outcome: 'retry' });
    expect(readContainerFailure(undefined, NOW)).toMatchObject({ outcome: 'retry' });
  });
});
