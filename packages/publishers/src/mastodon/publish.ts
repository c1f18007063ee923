import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { bearer, decode, refusedOrUncertain, uncertain, type Refusal } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishOutcome } from '../publisher.ts';
import { receiptOf, StatusSchema } from './api.ts';
import { askMedia } from './ask-media.ts';
import { dialect, isInvalid, stillProcessing, uploadAgain } from './errors.ts';
import { choicesOf, type Choices } from './settings.ts';
import { forgetUpload, readyIdOf } from './uploads.ts';

/** One `POST /api/v1/statuses`, under the key that `prepare` put down. 200 with the status is the only success. */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { foundStatus, mediaGone, idempotencyKey } = call.witness;
  // An earlier attempt did it: `prepare` has seen the status. Nothing is sent.
  if (Value.Check(FoundStatus, foundStatus)) return { outcome: 'published', receipt: receiptOf(foundStatus) };
  if (mediaGone === true) {
    return { outcome: 'uncertain', detail: 'a file of an earlier attempt is gone, and may be in a post' };
  }
  const mediaIds = call.media.map((file) => readyIdOf(call, file));
  if (mediaIds.includes(null)) return uploadAgain('no upload to attach');
  if (typeof idempotencyKey !== 'string') return uploadAgain('no key was put down');

  const response = await call.http.request({
    method: 'POST',
    path: '/api/v1/statuses',
    headers: { ...bearer(call), 'idempotency-key': keyOf(call, idempotencyKey) },
    json: {
      ...(call.text === '' ? {} : { status: call.text }),
      ...(mediaIds.length > 0 ? { media_ids: mediaIds } : {}),
      ...chosenFields(choicesOf(call)),
    },
  });

  const status = response.status === 200 ? decode(StatusSchema, response) : undefined;
  if (status) return { outcome: 'published', receipt: receiptOf(status) };
  if (isInvalid(response) && mediaIds.length > 0) return readInvalid(call, response);
  return refusedOrUncertain(call, dialect, response);
}

/** What was not chosen is left to how the account is set; but for who can see it, which is always said. */
function chosenFields({ visibility, spoilerText, sensitive, language }: Choices) {
  return {
    visibility,
    ...(spoilerText !== '' && { spoiler_text: spoilerText }),
    ...(sensitive && { sensitive }),
    ...(language !== '' && { language }),
  };
}

/**
 * The server does not compare the text of a key that it knows: an edited one would get the old status for an answer.
 * So the key is another one for another text, other files or other choices. Without choices it is what it was before there
 * were any: a post may have been sent then, and its answer be looked for now.
 */
export function keyOf(
  call: Pick<PublishCall, 'text' | 'media' | 'settings'>,
  idempotencyKey: string,
): string {
  const choices = choicesOf(call);
  const isChosen = !isDeepStrictEqual(choices, choicesOf({ settings: {} }));
  const content = JSON.stringify([
    call.text,
    call.media.map((file) => [file.id, file.altText]),
    ...(isChosen ? [Object.entries(choices).sort()] : []),
  ]);
  return `${idempotencyKey}-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

/** Refused, and nothing was created. The sentence may be in any language; the files say whether it is about them. */
async function readInvalid(call: PublishCall, response: HttpResponse): Promise<PublishOutcome> {
  const said = refusedOrUncertain(call, dialect, response);
  for (const file of call.media) {
    const mediaId = readyIdOf(call, file);
    const asked = mediaId === null ? null : await askMedia(call, mediaId);
    switch (asked?.state) {
      case 'processing':
        return stillProcessing(call.now());
      case 'gone':
        // It may be in the post of an earlier attempt; then `reconcile` finds that.
        if (call.sentBefore) return uncertain(call, response);
        return again(call, file, asked.detail);
      case 'failed':
        return again(call, file, asked.detail);
      default:
    }
  }
  return said;
}

async function again(
  call: PublishCall,
  file: PublishCall['media'][number],
  detail: string,
): Promise<Refusal> {
  await forgetUpload(call, file);
  return uploadAgain(detail);
}

const FoundStatus = Type.Object({
  id: Type.String(),
  url: Type.Union([Type.String(), Type.Null()]),
});
