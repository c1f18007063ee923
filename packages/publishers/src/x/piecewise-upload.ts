import { Type, type Static } from 'typebox';
import { callIdempotent, bearer, decode, inFuture, type Refusal, type Step } from '../answer.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { errors, isUploadUnknown, mediaRejected, uploadAgain } from './errors.ts';
import { uploads, type Pieces, type Upload } from './uploads.ts';

/** After two failed uploads, a third would not help. */
const MAX_FAILURES = 2;
const UPLOAD_LIVES_S = 24 * 60 * 60;

export type PiecewiseUpload = Required<Upload>;

export async function keepPieces(
  call: PublishCall,
  file: PublishMedia,
  upload: PiecewiseUpload,
  changes: Partial<Pieces>,
): Promise<PiecewiseUpload> {
  const kept = { ...upload, pieces: { ...upload.pieces, ...changes } };
  await uploads.keep(call, file, kept);
  return kept;
}

/** One call about an upload that X may have forgotten: then the result is 'unknown'. */
export function askAboutUpload<T>(
  call: PublishCall,
  request: Omit<HttpRequest, 'headers'>,
  read: (response: HttpResponse) => T | undefined,
): Promise<Step<T | 'unknown'>> {
  return callIdempotent(call, errors, { ...request, headers: bearer(call) }, read, (response) =>
    isUploadUnknown(response) ? ('unknown' as const) : undefined,
  );
}

export function askHowFar(call: PublishCall, { mediaId }: PiecewiseUpload): Promise<Step<Media | 'unknown'>> {
  const query = { command: 'STATUS', media_id: mediaId };
  return askAboutUpload(call, { method: 'GET', path: '/2/media/upload', query }, readMedia);
}

/** Uploads again from the first piece, once. After the second failure the file is at fault, and the author has to act. */
export async function startAnew(call: PublishCall, file: PublishMedia, detail: string): Promise<Refusal> {
  const { failedUploads } = call.evidence;
  const failures = (typeof failedUploads === 'number' ? failedUploads : 0) + 1;
  const isOver = failures >= MAX_FAILURES;
  await uploads.forget(call, [file]);
  // A manual retry starts with a fresh count.
  await call.remember({ failedUploads: isOver ? 0 : failures });
  return isOver ? mediaRejected(detail) : uploadAgain(detail);
}

export function readMedia(response: HttpResponse): Media | undefined {
  return decode(MediaAnswer, response)?.data;
}

export function expiryOf(call: PublishCall, { expires_after_secs: seconds = UPLOAD_LIVES_S }: Media): string {
  return inFuture(call.now(), seconds * 1_000).toISOString();
}

const MediaAnswer = Type.Object({
  data: Type.Object({
    id: Type.String({ pattern: '^[0-9]{1,19}$' }),
    expires_after_secs: Type.Optional(Type.Number()),
    processing_info: Type.Optional(
      Type.Object({ state: Type.String(), check_after_secs: Type.Optional(Type.Number()) }),
    ),
  }),
});
/** The answer of initialize, finalize, the status call and the one-call upload. */
export type Media = Static<typeof MediaAnswer>['data'];
