import { Type } from 'typebox';
import { callIdempotent, decode, done, type Refusal, type Step } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { timeToUpload } from '../uploads.ts';
import { authorUrn, headersOf } from './api.ts';
import { errors, uploadAgain } from './errors.ts';
import { forgetUploads, videoParts, videoUploads, type VideoUpload } from './uploads.ts';

/** An upload URL must not expire while its part is being sent. */
const EXPIRY_MARGIN_MS = 5 * 60_000;

/**
 * Uploads a video in the parts that LinkedIn asks for. Each part's ETag is committed before the next part begins, so the next
 * attempt continues after the last one. If the URLs have expired, the upload starts again. Returns the video's URN.
 */
export async function uploadVideo(call: PublishCall, video: PublishMedia): Promise<Step<string>> {
  const begun = await beginOnce(call, video);
  if (begun.outcome !== 'done') return begun;
  const upload = begun.value;

  for (const part of upload.parts.slice(progressOf(call, video).etags.length)) {
    call.signal.throwIfAborted();
    const etag = await putPart(call, video, part);
    if (etag.outcome !== 'done') return etag;
    if (etag.value === 'refused') return startAnew(call, 'a part of the video was refused');
    const { etags } = progressOf(call, video);
    await videoParts.keep(call, video, { etags: [...etags, etag.value.etag], finalizing: false });
  }
  const finalized = await finalize(call, video, upload);
  return finalized.outcome === 'done' ? done(upload.urn) : finalized;
}

async function beginOnce(call: PublishCall, video: PublishMedia): Promise<Step<VideoUpload>> {
  const earlier = videoUploads.find(call, video);
  const isGood = earlier && earlier.expiresAt - EXPIRY_MARGIN_MS > call.now().getTime();
  // When all parts are uploaded, the URLs are not needed any more.
  if (earlier && (isGood || progressOf(call, video).etags.length === earlier.parts.length))
    return done(earlier);

  const begun = await callIdempotent(
    call,
    errors,
    {
      method: 'POST',
      path: '/rest/videos',
      query: { action: 'initializeUpload' },
      headers: headersOf(call),
      json: {
        initializeUploadRequest: {
          owner: authorUrn(call.account),
          fileSizeBytes: video.byteSize,
          uploadCaptions: false,
          uploadThumbnail: false,
        },
      },
    },
    (response) => readBegun(response, video),
  );
  if (begun.outcome !== 'done') return begun;
  await videoParts.keep(call, video, { etags: [], finalizing: false });
  await videoUploads.keep(call, video, begun.value);
  return begun;
}

/** Checks that the parts cover the whole file, each byte once and in order. */
function readBegun(response: HttpResponse, { byteSize }: PublishMedia): VideoUpload | undefined {
  const value = decode(UploadBegun, response)?.value;
  if (!value) return undefined;
  const { video: urn, uploadToken, uploadUrlsExpireAt: expiresAt, uploadInstructions: parts } = value;
  const isWhole = parts.every((part, index) => part.firstByte === (parts[index - 1]?.lastByte ?? -1) + 1);
  return isWhole && parts.at(-1)?.lastByte === byteSize - 1
    ? { urn, uploadToken, expiresAt, parts }
    : undefined;
}

/** Sends no bearer token: the URL is signed, and the storage refuses both together. */
async function putPart(
  call: PublishCall,
  video: PublishMedia,
  { uploadUrl, firstByte: start, lastByte: end }: VideoUpload['parts'][number],
): Promise<Step<{ etag: string } | 'refused'>> {
  return callIdempotent(
    call,
    errors,
    {
      method: 'PUT',
      path: uploadUrl,
      headers: { 'content-type': 'application/octet-stream' },
      body: await video.bytes({ start, end }),
      timeoutMs: timeToUpload(end - start + 1),
    },
    (response) => {
      const etag = response.headers.get('etag')?.replace(/^"|"$/g, '');
      return etag ? { etag } : undefined;
    },
    // The storage refuses the URL, so the next attempt asks for new ones. The request had no token, so a 401 does not mean that
    // the token expired.
    ({ status }) => ([400, 401, 403, 404, 410].includes(status) ? 'refused' : undefined),
  );
}

/**
 * After a lost answer, a refusal proves nothing: LinkedIn may have finalized the video already. The public call tells: a video
 * that is not there is refused and uploaded again.
 */
async function finalize(call: PublishCall, video: PublishMedia, upload: VideoUpload): Promise<Step<true>> {
  const { etags, finalizing: wasAsked } = progressOf(call, video);
  await videoParts.keep(call, video, { etags, finalizing: true });
  const { urn, uploadToken } = upload;
  const finalized = await callIdempotent(
    call,
    errors,
    {
      method: 'POST',
      path: '/rest/videos',
      query: { action: 'finalizeUpload' },
      headers: headersOf(call),
      json: { finalizeUploadRequest: { video: urn, uploadToken, uploadedPartIds: etags } },
    },
    () => 'done' as const,
    ({ status }) => ([400, 404, 409, 422].includes(status) ? 'refused' : undefined),
  );
  if (finalized.outcome !== 'done') return finalized;
  if (finalized.value === 'done' || wasAsked) return done(true);
  return startAnew(call, 'the parts of the video were refused');
}

async function startAnew(call: PublishCall, detail: string): Promise<Refusal> {
  await forgetUploads(call);
  return uploadAgain(detail);
}

function progressOf(call: PublishCall, video: PublishMedia): { etags: string[]; finalizing: boolean } {
  return videoParts.find(call, video) ?? { etags: [], finalizing: false };
}

const UploadBegun = Type.Object({
  value: Type.Object({
    video: Type.String({ minLength: 1 }),
    uploadToken: Type.String(),
    uploadUrlsExpireAt: Type.Number(),
    uploadInstructions: Type.Array(
      Type.Object({
        uploadUrl: Type.String({ pattern: '^https?://' }),
        firstByte: Type.Integer({ minimum: 0 }),
        lastByte: Type.Integer({ minimum: 0 }),
      }),
      { minItems: 1 },
    ),
  }),
});
