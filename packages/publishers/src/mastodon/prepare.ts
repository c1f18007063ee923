import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { callIdempotent, bearer, decode, done, type Refusal, type Step } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import { multipartBody } from '../multipart.ts';
import type { PrepareOutcome, PublishCall, PublishMedia } from '../publisher.ts';
import { inPieces, timeToUpload } from '../uploads.ts';
import { statusesRequest } from './api.ts';
import { askMedia } from './ask-media.ts';
import { errors, fileRejected, stillProcessing, uploadAgain } from './errors.ts';
import { findStatus } from './find-status.ts';
import { noteAccountPrivacy } from './visibility.ts';
import { forgetUpload, keepUpload, uploadOf, type Upload } from './uploads.ts';

/** Waits between the checks of a file. Most are ready at once, and the worker's slot is soon free. */
const POLL_WAITS_MS = [300, 700, 1_500, 2_500];
/** After two failures to process a file, a third try would not help. */
const MAX_FAILURES = 2;

const READY = { outcome: 'ready' } as const;

/**
 * Uploads the files, then remembers the key of the public call and the account's newest status (the mark): our post will be
 * newer. Both are chosen once per delivery. With another key, the server could not recognise the post of an attempt whose answer
 * got lost, and a later mark could be that post itself.
 */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  const isMarked = call.evidence['newestStatusId'] !== undefined;
  if (isMarked) {
    const looked = await lookBeforeSendingAgain(call);
    if (looked.outcome !== 'done') return looked;
    if (looked.value === 'found') return READY;
  }
  for (const file of call.media) {
    const uploaded = await uploadOnce(call, file, isMarked);
    if (uploaded.outcome !== 'done') return uploaded;
    if (uploaded.value === 'gone') return READY;
  }
  if (isMarked) return READY;
  await noteAccountPrivacy(call);
  const marked = await takeMark(call);
  return marked.outcome === 'done' ? READY : marked;
}

async function takeMark(call: PublishCall): Promise<Step<true>> {
  const notedAt = call.now().toISOString();
  const newest = await callIdempotent(call, errors, statusesRequest(call, { limit: 1 }), (response) =>
    decode(NewestAnswer, response),
  );
  if (newest.outcome !== 'done') return newest;
  await call.remember({
    // The delivery's id, so that the key is the same even if the database has lost the evidence (restored from a backup).
    idempotencyKey: call.delivery.id,
    newestStatusId: newest.value[0]?.id ?? null,
    notedAt,
  });
  return { outcome: 'done', value: true };
}

/** An earlier attempt may have sent the post, and it may be listed only now. `publish` uses what is found. */
async function lookBeforeSendingAgain(call: PublishCall): Promise<Step<'found' | 'nothing'>> {
  const search = await findStatus<Refusal>(call, (request, read) =>
    callIdempotent(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  const { found } = search.value;
  if (found) await call.remember({ foundStatus: { id: found.id, url: found.url ?? null } });
  return { outcome: 'done', value: found ? 'found' : 'nothing' };
}

async function uploadOnce(
  call: PublishCall,
  file: PublishMedia,
  isMarked: boolean,
): Promise<Step<'ready' | 'gone'>> {
  const known = uploadOf(call, file);
  // Since the last attempt, the server may have removed the file, or our lost post may have it.
  if (known.mediaId !== null) return isMarked || !known.isReady ? waitForMedia(call, file) : ready();

  const upload = await sendFile(call, file);
  if (upload.outcome !== 'done') return upload;
  await keepUpload(call, file, { ...upload.value, uploadedAt: call.now().toISOString() });
  return upload.value.isReady ? ready() : waitForMedia(call, file);
}

/** The first exists since 3.1.3. Older servers and other software have only the second, which answers when the file is ready. */
const UPLOAD_PATH = '/api/v2/media';
const OLDER_UPLOAD_PATH = '/api/v1/media';

type Sent = Pick<Upload, 'isReady'> & { mediaId: string; url: string | null };

/** Remembers which path the server has, so that each file is sent only once. */
async function sendFile(call: PublishCall, file: PublishMedia): Promise<Step<Sent>> {
  if (call.evidence['uploadPath'] !== OLDER_UPLOAD_PATH) {
    const sent = await sendFileTo(call, file, UPLOAD_PATH, ({ status }) =>
      [404, 405, 501].includes(status) ? ('no-such-call' as const) : undefined,
    );
    if (sent.outcome !== 'done') return sent;
    if (sent.value !== 'no-such-call') return done(sent.value);
    await call.remember({ uploadPath: OLDER_UPLOAD_PATH });
  }
  return sendFileTo(call, file, OLDER_UPLOAD_PATH);
}

async function sendFileTo<Other = never>(
  call: PublishCall,
  file: PublishMedia,
  path: string,
  readOther?: (response: HttpResponse) => Other | undefined,
): Promise<Step<Sent | Other>> {
  const { mimeType, byteSize, altText } = file;
  const form = multipartBody({
    fields: altText ? { description: altText } : {},
    file: { field: 'file', fileName: fileNameOf(file), mimeType, content: inPieces(file) },
  });
  return callIdempotent<Sent, Other>(
    call,
    errors,
    {
      method: 'POST',
      path,
      headers: { ...bearer(call), ...form.headers },
      body: form.body,
      timeoutMs: timeToUpload(byteSize),
    },
    (response) => {
      const body = decode(UploadAnswer, response);
      if (!body) return undefined;
      const { id: mediaId, url = null } = body;
      // Some software always answers 202. A file without a URL is still being processed.
      return { mediaId, url, isReady: Boolean(url) };
    },
    readOther,
  );
}

async function waitForMedia(call: PublishCall, file: PublishMedia): Promise<Step<'ready' | 'gone'>> {
  const { mediaId, isReady, uploadedAt } = uploadOf(call, file);
  const since = uploadedAt === undefined ? call.now() : new Date(uploadedAt);
  if (mediaId === null) return uploadAgain('no upload to wait for');
  for (const waitMs of [...POLL_WAITS_MS, null]) {
    const asked = await askMedia(call, mediaId);
    switch (asked.state) {
      case 'ready':
        if (!isReady) await keepUpload(call, file, { isReady: true });
        return ready();
      case 'gone':
        return handleGone(call, file, asked.detail);
      case 'failed':
        return handleFailed(call, file, asked.detail);
      case 'not-told':
        return isReady ? ready() : notAsked(asked.detail);
      case null:
        return asked.refusal ?? notAsked(asked.detail);
      case 'processing':
        if (waitMs !== null) await call.sleep(waitMs);
        // Without this, aborted waits would become a burst of requests.
        if (call.signal.aborted) return stillProcessing(call.now(), since);
    }
  }
  return stillProcessing(call.now(), since);
}

/**
 * After an unclear send, a missing file may belong to the lost post. Then `publish` sends nothing, and `lookUp` searches until a
 * person is asked. If the delivery comes here again, the person has said that there is no post. Before any send, the server has
 * only removed an unused file.
 */
async function handleGone(call: PublishCall, file: PublishMedia, detail: string): Promise<Step<'gone'>> {
  if (call.sentBefore && call.evidence['mediaGone'] !== true) {
    await call.remember({ mediaGone: true });
    return { outcome: 'done', value: 'gone' };
  }
  await call.remember({ mediaGone: null });
  await forgetUpload(call, file);
  return uploadAgain(detail);
}

async function handleFailed(call: PublishCall, file: PublishMedia, detail: string): Promise<Refusal> {
  const failures = uploadOf(call, file).failures + 1;
  await forgetUpload(call, file, { failures });
  return failures < MAX_FAILURES ? uploadAgain(detail) : fileRejected(detail);
}

function notAsked(detail: string): Refusal {
  const reason =
    'The Mastodon server did not say whether the file is ready. Nothing was published; it is tried again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason, detail } };
}

function ready(): Step<'ready'> {
  return { outcome: 'done', value: 'ready' };
}

/**
 * The extension matches the type, because servers compare it with the content. Each name is unique, because some software keeps
 * one file per name and shows the newest in every post.
 */
function fileNameOf({ mimeType }: PublishMedia): string {
  const ending = mimeType === 'video/quicktime' ? 'mov' : (mimeType.split('/')[1] ?? 'jpeg');
  return `${randomUUID()}.${ending}`;
}

const Id = Type.String({ minLength: 1 });
const NewestAnswer = Type.Array(Type.Object({ id: Id }));
const UploadAnswer = Type.Object({
  id: Id,
  url: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
