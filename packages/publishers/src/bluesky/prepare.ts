import { Type } from 'typebox';
import { answerOrNone, callIdempotent, bearer, decode, done, isSuccess, type Step } from '../answer.ts';
import { describe } from '../detail.ts';
import { NoAnswerError, type HttpRequest } from '../http.ts';
import type { DraftMedia } from '../draft.ts';
import type { PrepareOutcome, PublishCall, PublishMedia } from '../publisher.ts';
import { inPieces, uploadSequentially, timeToUpload } from '../uploads.ts';
import { query } from './api.ts';
import { errors, isTooLarge, tooLargeForServer } from './errors.ts';
import { findHandles } from './facets.ts';
import { createTid } from './tid.ts';
import { BlobRef, blobs, evidenceOf } from './evidence.ts';

/**
 * Bluesky deletes a blob that no record names: after "minutes" (lexicon), or after at least an hour (specification). An image is
 * uploaded again early; the same bytes get the same reference. A video takes too long for that: if it is gone within the hour,
 * the record is refused with an error that says so, which costs one attempt.
 */
const BLOB_IS_FRESH_MS = 60_000;
const VIDEO_IS_FRESH_MS = 60 * 60_000;

/** Chooses the record's key and date, uploads the files, and finds out who is mentioned. */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  await freezeOnce(call);
  const uploaded = await uploadSequentially(call.media, (file) => uploadOnce(call, file));
  if (uploaded.outcome !== 'done') return uploaded;
  await resolveMentions(call);
  return { outcome: 'ready' };
}

/**
 * Runs once per delivery. A second send with the same key and content changes nothing at Bluesky; with another key it would make
 * a second post. So the key is derived from the delivery. The date is not: Bluesky would show the post under the day on which it
 * was drafted.
 */
async function freezeOnce(call: PublishCall): Promise<void> {
  const { rkey, createdAt } = evidenceOf(call);
  if (rkey !== undefined && createdAt !== undefined) return;
  await call.remember({ rkey: rkey ?? createTid(call.delivery), createdAt: call.now().toISOString() });
}

async function uploadOnce(call: PublishCall, file: PublishMedia): Promise<Step<true>> {
  const uploadedAt = Date.parse(blobs.find(call, file)?.uploadedAt ?? '');
  if (call.now().getTime() - uploadedAt < freshMs(file)) return done(true);

  const upload = await callIdempotent(
    call,
    errors,
    {
      method: 'POST',
      path: '/xrpc/com.atproto.repo.uploadBlob',
      headers: { ...bearer(call), 'content-type': file.mimeType },
      ...(await bodyOf(file)),
    },
    (response) => decode(Uploaded, response)?.blob,
    (response) => (isTooLarge(response) ? { tooLarge: describe(call, response) } : undefined),
  );
  if (upload.outcome !== 'done') return upload;
  if ('tooLarge' in upload.value) {
    const refused = tooLargeForServer(file);
    return { ...refused, failure: { ...refused.failure, detail: upload.value.tooLarge } };
  }
  await blobs.keep(call, file, { blob: upload.value, uploadedAt: call.now().toISOString() });
  return done(true);
}

async function bodyOf(file: PublishMedia): Promise<Pick<HttpRequest, 'body' | 'timeoutMs'>> {
  if (file.kind !== 'video') return { body: await file.bytes() };
  return { body: inPieces(file), timeoutMs: timeToUpload(file.byteSize) };
}

function freshMs({ kind }: DraftMedia): number {
  return kind === 'video' ? VIDEO_IS_FRESH_MS : BLOB_IS_FRESH_MS;
}

/**
 * Each handle is resolved once and remembered, so that a second send has the same content. A handle that cannot be resolved now
 * stays plain text: a mention is not worth a late post.
 */
async function resolveMentions(call: PublishCall): Promise<void> {
  const { mentions = {} } = evidenceOf(call);
  const unknown = findHandles(call.text).filter((handle) => mentions[handle] === undefined);
  if (unknown.length === 0) return;
  const found = await Promise.all(
    unknown.map(async (handle) => [handle, await didOf(call, handle)] as const),
  );
  // A worker that stops has aborted these requests, so their answers mean nothing.
  if (call.signal.aborted) return;
  await call.remember({ mentions: { ...mentions, ...Object.fromEntries(found) } });
}

async function didOf(call: PublishCall, handle: string): Promise<string | null> {
  const response = await answerOrNone(call, query(call, 'com.atproto.identity.resolveHandle', { handle }));
  if (response instanceof NoAnswerError || !isSuccess(response)) return null;
  return decode(Resolved, response)?.did ?? null;
}

const Uploaded = Type.Object({ blob: BlobRef });
const Resolved = Type.Object({ did: Type.String({ pattern: '^did:[a-z]+:' }) });
