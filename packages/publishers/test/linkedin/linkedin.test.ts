import { describe, expect, it } from '@jest/globals';
import { errors, duplicateUrnOf, isDuplicate, isUploadLost } from '../../src/linkedin/errors.ts';
import { linkedin } from '../../src/linkedin/index.ts';
import { answer, draftOf, jpegDraft, jpegDrafts, NOW } from '../answers.ts';

const codes = (text: string, media = [jpegDraft()]) =>
  linkedin.check(draftOf({ text, media })).map((found) => found.code);

describe('LinkedIn check', () => {
  it('counts the text without escapes', () => {
    expect(codes('(x_y) '.repeat(420))).toEqual([]);
    expect(codes('*'.repeat(3_000))).toEqual([]);
    expect(codes('*'.repeat(3_001))).toEqual(['text_too_long']);
    expect(codes('#tag '.repeat(600))).toEqual([]);
  });
  it('needs a text, even with an image', () => expect(codes(' ')).toEqual(['text_missing']));
  it('allows 20 images, not 21', () => {
    expect(codes('a', jpegDrafts(20))).toEqual([]);
    expect(codes('a', jpegDrafts(21))).toEqual(['too_many_media']);
  });
  it('refuses 36,152,320 pixels', () => {
    expect(codes('a', [jpegDraft({ width: 36_152_320, height: 1 })])).toEqual(['media_too_many_pixels']);
    expect(codes('a', [jpegDraft({ width: 36_152_319, height: 1 })])).toEqual([]);
  });
});

const duplicate = answer(422, {
  errorDetailType: 'com.linkedin.common.error.BadRequest',
  message:
    'com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of urn:li:share:7141138937766391808',
  errorDetails: {
    inputErrors: [{ description: 'Duplicate post is detected', input: {}, code: 'DUPLICATE_POST' }],
  },
  status: 422,
});

describe('LinkedIn refusals', () => {
  it.each([
    [answer(400, { code: 'MISSING_FIELD', message: 'x', status: 400 }), 'failed', 'unknown'],
    [answer(400, { message: 'asset MEDIA_ASSET_WAITING_UPLOAD', status: 400 }), 'wait_until', 'unavailable'],
    [
      answer(400, { code: 'MEDIA_ASSET_PROCESSING_FAILED', message: 'x', status: 400 }),
      'retry',
      'unavailable',
    ],
    [answer(400, { code: 'EXPIRED_UPLOAD_URL', message: 'x', status: 400 }), 'retry', 'unavailable'],
    [answer(400, { code: 'VERSION_MISSING', message: 'x', status: 400 }), 'failed', 'misconfigured'],
    [answer(401, { serviceErrorCode: 65602, message: 'expired', status: 401 }), 'failed', 'auth_expired'],
    [answer(401), 'failed', 'auth_expired'],
    [answer(403, { code: 'ACCESS_DENIED', message: 'x', status: 403 }), 'failed', 'rejected_account'],
    [answer(426, { code: 'NONEXISTENT_VERSION', status: 426 }), 'failed', 'misconfigured'],
    [answer(429), 'wait_until', 'rate_limited'],
    [answer(429, '<html>slow down</html>'), 'wait_until', 'rate_limited'],
  ])('%#: reads %j', (response, outcome, kind) => {
    expect(errors.readRefusal(response, NOW)).toMatchObject({ outcome, failure: { kind } });
  });

  it.each([
    ['a conflict', answer(409, { code: 'CONFLICT', message: 'x', status: 409 })],
    ['a duplicate', duplicate],
    ["a proxy's page", answer(403, '<html>blocked</html>')],
  ])('do not include %s', (_, response) => {
    expect(errors.readRefusal(response, NOW)).toBeNull();
  });

  it('name the post of a duplicate', () => {
    expect(isDuplicate(duplicate)).toBe(true);
    expect(duplicateUrnOf(duplicate)).toBe('urn:li:share:7141138937766391808');
  });

  it('recognise an image that has to be uploaded again', () => {
    expect(isUploadLost(answer(400, { message: 'MEDIA_ASSET_PROCESSING_FAILED' }))).toBe(true);
    expect(isUploadLost(answer(400, { message: 'MEDIA_ASSET_WAITING_UPLOAD' }))).toBe(false);
  });
});
