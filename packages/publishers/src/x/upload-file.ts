import { callIdempotent, bearer, done, inFuture, type Step } from '../answer.ts';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { errors, isMediaInvalid, uploadAgain } from './errors.ts';
import { expiryOf, readMedia } from './piecewise-upload.ts';
import { uploadInPieces } from './upload-in-pieces.ts';
import { uploads, type Upload } from './uploads.ts';

/** An upload that expires within this time is not used. */
const SPARE_MS = 10 * 60_000;

/** Uploads a file, and skips the steps whose results in the evidence are still valid. */
export async function uploadFile(call: PublishCall, file: PublishMedia): Promise<Step<true>> {
  const upload = uploads.find(call, file);
  const isGood = upload !== undefined && new Date(upload.expiresAt) > inFuture(call.now(), SPARE_MS);
  const known = isGood ? upload : undefined;
  const uploaded = await (file.kind === 'image'
    ? uploadImage(call, file, known)
    : uploadInPieces(call, file, known));
  return uploaded.outcome === 'done' ? describeOnce(call, file, uploaded.value) : uploaded;
}

async function uploadImage(
  call: PublishCall,
  image: PublishMedia,
  known: Upload | undefined,
): Promise<Step<Upload>> {
  if (known) return done(known);
  const form = new FormData();
  form.set('media', new Blob([await image.bytes()], { type: image.mimeType }), 'image');
  form.set('media_category', 'tweet_image');
  const uploaded = await callIdempotent(
    call,
    errors,
    { method: 'POST', path: '/2/media/upload', headers: bearer(call), form },
    readMedia,
  );
  if (uploaded.outcome !== 'done') return uploaded;
  const { value } = uploaded;
  const upload = { mediaId: value.id, expiresAt: expiryOf(call, value), isDescribed: false };
  await uploads.keep(call, image, upload);
  return done(upload);
}

async function describeOnce(call: PublishCall, file: PublishMedia, upload: Upload): Promise<Step<true>> {
  if (!file.altText || upload.isDescribed) return done(true);
  const json = { id: upload.mediaId, metadata: { alt_text: { text: file.altText } } };
  const described = await callIdempotent(
    call,
    errors,
    { method: 'POST', path: '/2/media/metadata', headers: bearer(call), json },
    () => 'described' as const,
    (response) => {
      if (isMediaInvalid(response)) return 'gone' as const;
      // X's older document allows alt texts for images and GIFs only. A video goes out without one rather than not at all.
      return file.kind === 'video' && response.status === 400 ? ('described' as const) : undefined;
    },
  );
  if (described.outcome !== 'done') return described;
  if (described.value === 'gone') {
    await uploads.forget(call, [file]);
    return uploadAgain('X no longer has a file that was to be described');
  }
  await uploads.keep(call, file, { ...upload, isDescribed: true });
  return done(true);
}
