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

/** Waits between the looks at a file; most are ready at once, and a worker is not held long. */
const POLL_WAITS_MS = [300, 700, 1_500, 2_500];
/** A server that failed to process a file twice will not do it the third time. */
const MAX_FAILURES = 2;

const READY = { outcome: 'ready' } as const;

/**
 * Uploads the files, then puts down the key of the public call and the newest own status (the mark): what is sent
 * later is newer than that. Both are taken once for a delivery, whatever happens later: with another key the server
 * could not recognise the post of an attempt whose answer got lost, and a later mark could be that post itself.
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
    // The delivery's own, so that it is the same also where a database has forgotten what was put down.
    idempotencyKey: call.delivery.id,
    newestStatusId: newest.value[0]?.id ?? null,
    notedAt,
  });
  return { outcome: 'done', value: true };
}

/** An attempt before this one may have sent, and its post may show only now. Found, it is handed on to `publish`. */
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
  // Between two attempts the server may have removed it, or a post that got lost may carry it.
  if (known.mediaId !== null) return isMarked || !known.isReady ? waitForMedia(call, file) : ready();

  const upload = await sendFile(call, file);
  if (upload.outcome !== 'done') return upload;
  await keepUpload(call, file, { ...upload.value, uploadedAt: call.now().toISOString() });
  return upload.value.isReady ? ready() : waitForMedia(call, file);
}

/** Since 3.1.3 there is the first; before that, and in other software, only the second, which answers when the file is ready. */
const UPLOAD_PATH = '/api/v2/media';
const OLDER_UPLOAD_PATH = '/api/v1/media';

type Sent = Pick<Upload, 'isReady'> & { mediaId: string; url: string | null };

/** Which of the two a server has is noted, or every file would be sent to it in vain first. */
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
      // There is software that answers 202 always; a file without an address is still in work.
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
        // A wait that was cut short must not turn into a burst of questions.
        if (call.signal.aborted) return stillProcessing(call.now(), since);
    }
  }
  return stillProcessing(call.now(), since);
}

/**
 * After a send whose fate nobody proved, a file that is gone may be part of the post that got lost: `publish` sends
 * nothing then, and `lookUp` goes on looking, until a person is asked. Back here after that, the person has said
 * that there is no post. Before any send, the server has only tidied up.
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
 * Servers compare the ending with what is in the file. No two names are the same: there is software that keeps one file for
 * each name, and shows the newest in every post.
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
