import { describe, expect, it } from '@jest/globals';
import { checkDraft } from '../../src/instagram/check.ts';
import { dialect, isContainerLost, isNotReady, readContainerFailure } from '../../src/instagram/errors.ts';
import { answer, draftOf, jpegDraft, jpegDrafts, NOW } from '../answers.ts';

const codes = (text: string, media = [jpegDraft()]) =>
  checkDraft(draftOf({ text, media })).map((found) => found.code);
const graphError = (code: number, error_subcode?: number) =>
  answer(400, { error: { message: 'm', type: 'OAuthException', code, error_subcode } });

describe('Instagram check', () => {
  it('takes an image without a text', () => expect(codes('')).toEqual([]));
  it('refuses a text without an image', () => expect(codes('a', [])).toEqual(['media_missing']));
  it('takes ten images, not eleven', () => {
    expect(codes('a', jpegDrafts(10))).toEqual([]);
    expect(codes('a', jpegDrafts(11))).toEqual(['too_many_media']);
  });
  it('holds every image to the ratios', () => {
    const wide = jpegDraft({ width: 2_000, height: 1_000 });
    expect(checkDraft(draftOf({ text: 'a', media: [jpegDraft(), wide] }))).toMatchObject([
      { field: 'media/1', code: 'media_ratio_unsupported' },
    ]);
  });
  it('takes JPEG only', () => {
    expect(codes('a', [jpegDraft({ mimeType: 'image/png' })])).toEqual(['media_type_unsupported']);
  });
  it('limits the caption by its largest count', () => {
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
    [1_080, 1_920, ['media_ratio_unsupported']],
    [2_000, 1_000, ['media_ratio_unsupported']],
  ])('%i × %i', (width, height, expected) => {
    expect(codes('a', [jpegDraft({ width, height })])).toEqual(expected);
  });
  it('limits bytes', () => {
    expect(codes('a', [jpegDraft({ byteSize: 8_000_001 })])).toEqual(['media_too_large']);
  });
});

describe('Instagram refusals', () => {
  it.each([4, 17, 32, 613, 80001, 80002])('code %i is a rate limit, with status 400', (code) => {
    expect(dialect.readRefusal(graphError(code), NOW)).toMatchObject({
      outcome: 'wait-until',
      failure: { kind: 'rate_limited' },
    });
  });

  it('waits for as many minutes as the usage header says', () => {
    const usage = JSON.stringify({ '178': [{ type: 'instagram', estimated_time_to_regain_access: 7 }] });
    const response = { ...graphError(4), headers: new Headers({ 'x-business-use-case-usage': usage }) };
    expect(dialect.readRefusal(response, NOW)).toMatchObject({ until: new Date('2026-11-22T10:07:00Z') });
  });

  it.each<[number, number | undefined, string, string]>([
    [190, 463, 'failed', 'auth_expired'],
    [10, undefined, 'failed', 'rejected_account'],
    [200, undefined, 'failed', 'rejected_account'],
    [25, 2207050, 'failed', 'rejected_account'],
    [4, 2207051, 'failed', 'rejected_content'],
    [9, 2207042, 'wait-until', 'rate_limited'],
    [9007, 2207027, 'wait-until', 'unavailable'],
    [36003, 2207009, 'failed', 'rejected_content'],
    [9004, 2207052, 'retry', 'unavailable'],
    [-1, 2207001, 'retry', 'unavailable'],
    [100, 33, 'retry', 'unavailable'],
    [100, 2207023, 'failed', 'rejected_content'],
    [1, undefined, 'retry', 'unavailable'],
  ])('%i/%s → %s %s', (code, subcode, outcome, kind) => {
    expect(dialect.readRefusal(graphError(code, subcode), NOW)).toMatchObject({ outcome, failure: { kind } });
  });

  it('does not explain what it does not know', () => {
    expect(dialect.readRefusal(graphError(987_654), NOW)).toBeNull();
    expect(dialect.readRefusal(answer(400, '<html>'), NOW)).toBeNull();
  });

  it('takes only 9007 at its word', () => {
    expect(isNotReady(graphError(9007, 2207027))).toBe(true);
    expect(isNotReady(graphError(4, 2207051))).toBe(false);
  });

  it('knows children that cannot be used, from a server that has no answer just now', () => {
    expect(isContainerLost(graphError(24, 2207006))).toBe(true);
    expect(isContainerLost(graphError(24, 2207008))).toBe(true);
    expect(isContainerLost(graphError(-2, 2207020))).toBe(true);
    expect(isContainerLost(graphError(-1, 2207001))).toBe(false);
    expect(isContainerLost(graphError(9007, 2207027))).toBe(false);
  });

  it('reads why a container failed', () => {
    const failure = readContainerFailure('Error: Media upload has failed with error code 2207009', NOW);
    expect(failure).toMatchObject({ outcome: 'failed', failure: { kind: 'rejected_content' } });
    expect(readContainerFailure('Error: something', NOW)).toMatchObject({ outcome: 'retry' });
    expect(readContainerFailure(undefined, NOW)).toMatchObject({ outcome: 'retry' });
  });
});
