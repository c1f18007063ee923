import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { askPublicly, refusedOrUnclear } from '../accepted.ts';
import { bearer, isSuccess, asUnclear, type Refusal } from '../answer.ts';
import { told } from '../detail.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishOutcome } from '../publisher.ts';
import { createdReceiptOf, receiptOf } from './api.ts';
import { askMedia } from './ask-media.ts';
import { errors, isAboutText, isInvalid, isNotProcessed, stillProcessing, uploadAgain } from './errors.ts';
import { choicesOf } from './settings.ts';
import { visibilityOf } from './visibility.ts';
import { forgetUpload, readyIdOf, uploadOf } from './uploads.ts';

/** One `POST /api/v1/statuses` with the key from `prepare`. A 2xx with the id of the status is a success. */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { foundStatus, mediaGone, idempotencyKey } = call.evidence;
  // `prepare` has found the status of an earlier attempt. Nothing is sent.
  if (Value.Check(FoundStatus, foundStatus)) return { outcome: 'published', receipt: receiptOf(foundStatus) };
  if (mediaGone === true) {
    return { outcome: 'unclear', detail: 'a file of an earlier attempt is gone, and may be in a post' };
  }
  const mediaIds = call.media.map((file) => readyIdOf(call, file));
  if (mediaIds.includes(null)) return uploadAgain('no upload to attach');
  if (typeof idempotencyKey !== 'string') return uploadAgain('no key was put down');

  const response = await askPublicly(call, {
    method: 'POST',
    path: '/api/v1/statuses',
    headers: { ...bearer(call), 'idempotency-key': keyOf(call, idempotencyKey) },
    json: {
      ...(call.text === '' ? {} : { status: call.text }),
      ...(mediaIds.length > 0 ? { media_ids: mediaIds } : {}),
      ...chosenFields(call),
    },
  });

  const receipt = isSuccess(response) ? createdReceiptOf(response) : undefined;
  if (receipt) return { outcome: 'published', receipt };
  if (isInvalid(response) && mediaIds.length > 0) return readInvalid(call, response);
  return refusedOrUnclear(call, errors, response);
}

/** Sends only what was chosen; the account's own settings decide the rest. */
function chosenFields(call: PublishCall) {
  const { spoilerText, sensitive, language } = choicesOf(call);
  const visibility = visibilityOf(call);
  return {
    ...(visibility !== undefined && { visibility }),
    ...(spoilerText !== '' && { spoiler_text: spoilerText }),
    ...(sensitive && { sensitive }),
    ...(language !== '' && { language }),
  };
}

/**
 * A server answers a known key with the old status, even if the text has changed. So the key depends on the text, the files and
 * the settings. Without settings it has the form of older versions, whose sends may still be looked up now.
 */
export function keyOf(
  call: Pick<PublishCall, 'text' | 'media' | 'settings'>,
  idempotencyKey: string,
): string {
  const choices = choicesOf(call);
  // "public" was the default of older versions and must give the same key.
  const visibility = choices.visibility === 'public' ? 'account' : choices.visibility;
  const isChosen = !isDeepStrictEqual({ ...choices, visibility }, choicesOf({ settings: {} }));
  const content = JSON.stringify([
    call.text,
    call.media.map((file) => [file.id, file.altText]),
    ...(isChosen ? [Object.entries(choices).sort()] : []),
  ]);
  return `${idempotencyKey}-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

/** Refused; nothing was created. The sentence may be in any language, so the files are asked whether it is about them. */
async function readInvalid(call: PublishCall, response: HttpResponse): Promise<PublishOutcome> {
  const said = await refusedOrUnclear(call, errors, response);
  if (isNotProcessed(response)) return waitLonger(call, response);
  for (const file of call.media) {
    const mediaId = readyIdOf(call, file);
    const asked = mediaId === null ? null : await askMedia(call, mediaId);
    switch (asked?.state) {
      case 'processing':
        return stillProcessing(call.now());
      case 'gone':
        // The post of an earlier attempt may have the file; then `lookUp` finds that post.
        if (call.sentBefore) return asUnclear(call, response);
        return again(call, file, asked.detail);
      case 'failed':
        return again(call, file, asked.detail);
      default:
    }
  }
  // The server may have finished processing after its refusal. One more send with the same key tells.
  if (call.evidence['askedTwice'] === true || isAboutText(response)) return said;
  await call.remember({ askedTwice: true });
  const wait = stillProcessing(call.now());
  return { ...wait, failure: { ...wait.failure, ...told(call, response) } };
}

/** The pause grows with the age of the uploads: a server whose queue has stopped gives this answer for hours. */
function waitLonger(call: PublishCall, response: HttpResponse): Refusal {
  const since = call.media
    .map((file) => Date.parse(uploadOf(call, file).uploadedAt ?? ''))
    .filter((time) => !Number.isNaN(time));
  const wait = stillProcessing(call.now(), new Date(Math.min(call.now().getTime(), ...since)));
  return { ...wait, failure: { ...wait.failure, ...told(call, response) } };
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
