import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { bearer, decode, refusedOrUncertain, uncertain, type Refusal } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishOutcome } from '../publisher.ts';
import { receiptOf, StatusSchema } from './api.ts';
import { askMedia } from './ask-media.ts';
import { dialect, isInvalid, stillProcessing, uploadAgain } from './errors.ts';
import { forgetUpload, readyIdOf } from './uploads.ts';

/** One `POST /api/v1/statuses`, under the key that `prepare` put down. 200 with the status is the only success. */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { foundStatus, mediaGone, idempotencyKey } = call.witness;
  // An earlier attempt did it: `prepare` has seen the status. Nothing is sent.
  if (Value.Check(FoundStatus, foundStatus)) return { outcome: 'published', receipt: receiptOf(foundStatus) };
  if (mediaGone === true) {
    return { outcome: 'uncertain', detail: 'an image of an earlier attempt is gone, and may be in a post' };
  }
  const mediaIds = call.media.map((image) => readyIdOf(call, image));
  if (mediaIds.includes(null)) return uploadAgain('no upload to attach');
  if (typeof idempotencyKey !== 'string') return uploadAgain('no key was put down');

  const response = await call.http.request({
    method: 'POST',
    path: '/api/v1/statuses',
    headers: { ...bearer(call), 'idempotency-key': keyOf(call, idempotencyKey) },
    json: {
      ...(call.text.trim() === '' ? {} : { status: call.text }),
      ...(mediaIds.length > 0 ? { media_ids: mediaIds } : {}),
    },
  });

  const status = response.status === 200 ? decode(StatusSchema, response) : undefined;
  if (status) return { outcome: 'published', receipt: receiptOf(status) };
  if (isInvalid(response) && mediaIds.length > 0) return readInvalid(call, response);
  return refusedOrUncertain(call, dialect, response);
}

/**
 * The server does not compare the text of a key that it knows: an edited one would get the old status for an answer.
 * So the key is another one for another text or other images.
 */
export function keyOf(call: Pick<PublishCall, 'text' | 'media'>, idempotencyKey: string): string {
  const content = JSON.stringify([call.text, call.media.map((image) => [image.id, image.altText])]);
  return `${idempotencyKey}-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

/** Refused, and nothing was created. The sentence may be in any language; the images say whether it is about them. */
async function readInvalid(call: PublishCall, response: HttpResponse): Promise<PublishOutcome> {
  const said = refusedOrUncertain(call, dialect, response);
  for (const image of call.media) {
    const mediaId = readyIdOf(call, image);
    const asked = mediaId === null ? null : await askMedia(call, mediaId);
    switch (asked?.state) {
      case 'processing':
        return stillProcessing(call.now());
      case 'gone':
        // It may be in the post of an earlier attempt; then `reconcile` finds that.
        if (call.sentBefore) return uncertain(call, response);
        return again(call, image, asked.detail);
      case 'failed':
        return again(call, image, asked.detail);
      default:
    }
  }
  return said;
}

async function again(
  call: PublishCall,
  image: PublishCall['media'][number],
  detail: string,
): Promise<Refusal> {
  await forgetUpload(call, image);
  return uploadAgain(detail);
}

const FoundStatus = Type.Object({
  id: Type.String(),
  url: Type.Union([Type.String(), Type.Null()]),
});
