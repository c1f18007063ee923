import { callIdempotent, bearer, done, type Step } from '../answer.ts';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { timeToUpload } from '../uploads.ts';
import { errors, stillUploading } from './errors.ts';
import {
  askAboutUpload,
  askHowFar,
  expiryOf,
  keepPieces,
  readMedia,
  startAnew,
  type PiecewiseUpload,
} from './piecewise-upload.ts';
import { uploads, type Upload } from './uploads.ts';
import { askFromOf, waitUntilProcessed } from './wait-until-processed.ts';

/**
 * X takes up to 1,000 pieces; our largest upload, 512 MB, has 123. A change breaks uploads in progress: they continue by the
 * number of pieces sent.
 */
const PIECE_BYTES = 4 * 1024 * 1024;

/**
 * Uploads a GIF or a video: initialize, append the pieces, finalize, and ask until it is processed. Each step that X acknowledges
 * is committed, so the next attempt continues there. `known` has not expired.
 */
export async function uploadInPieces(
  call: PublishCall,
  file: PublishMedia,
  known: Upload | undefined,
): Promise<Step<PiecewiseUpload>> {
  const begun = known?.pieces ? done({ ...known, pieces: known.pieces }) : await initialize(call, file);
  if (begun.outcome !== 'done') return begun;
  const sent = await append(call, file, begun.value);
  if (sent.outcome !== 'done') return sent;
  const finalized = await finalize(call, file, sent.value);
  if (finalized.outcome !== 'done') return finalized;
  return waitUntilProcessed(call, file, finalized.value);
}

async function initialize(call: PublishCall, file: PublishMedia): Promise<Step<PiecewiseUpload>> {
  const json = {
    media_type: file.mimeType,
    total_bytes: file.byteSize,
    media_category: file.kind === 'gif' ? 'tweet_gif' : 'tweet_video',
  };
  const initialized = await callIdempotent(
    call,
    errors,
    { method: 'POST', path: '/2/media/upload/initialize', headers: bearer(call), json },
    readMedia,
  );
  if (initialized.outcome !== 'done') return initialized;
  const upload = {
    mediaId: initialized.value.id,
    expiresAt: expiryOf(call, initialized.value),
    isDescribed: false,
    pieces: { sent: 0, finalizedAt: null, askFrom: call.now().toISOString(), isProcessed: false },
  };
  await uploads.keep(call, file, upload);
  return done(upload);
}

async function append(
  call: PublishCall,
  file: PublishMedia,
  begun: PiecewiseUpload,
): Promise<Step<PiecewiseUpload>> {
  let upload = begun;
  for (let index = begun.pieces.sent; index * PIECE_BYTES < file.byteSize; index++) {
    if (call.signal.aborted) return stillUploading(call.now());
    const start = index * PIECE_BYTES;
    const piece = await file.bytes({ start, end: Math.min(start + PIECE_BYTES, file.byteSize) - 1 });
    const form = new FormData();
    form.set('segment_index', String(index));
    form.set('media', new Blob([piece]), 'piece');
    const appended = await askAboutUpload(
      call,
      { method: 'POST', path: pathOf(upload, 'append'), form, timeoutMs: timeToUpload(piece.length) },
      () => 'appended' as const,
    );
    if (appended.outcome !== 'done') return appended;
    if (appended.value === 'unknown') return startAnew(call, file, 'X no longer has the pieces');
    upload = await keepPieces(call, file, upload, { sent: index + 1 });
  }
  return done(upload);
}

async function finalize(
  call: PublishCall,
  file: PublishMedia,
  upload: PiecewiseUpload,
): Promise<Step<PiecewiseUpload>> {
  if (upload.pieces.finalizedAt !== null) return done(upload);
  const finalized = await askAboutUpload(
    call,
    { method: 'POST', path: pathOf(upload, 'finalize') },
    readMedia,
  );
  // An earlier finalize whose answer got lost may have succeeded. Then X knows the status.
  const isUnclear = finalized.outcome === 'done' && finalized.value === 'unknown';
  const told = isUnclear ? await askHowFar(call, upload) : finalized;
  if (told.outcome !== 'done') return told;
  if (told.value === 'unknown') return startAnew(call, file, 'X did not put the pieces together');
  const changed = { ...upload, expiresAt: expiryOf(call, told.value) };
  const state = told.value.processing_info?.state ?? 'succeeded';
  const finalizedAt = call.now().toISOString();
  const isProcessed = state === 'succeeded';
  const kept = { finalizedAt, askFrom: askFromOf(call, told.value), isProcessed };
  return done(await keepPieces(call, file, changed, kept));
}

function pathOf({ mediaId }: PiecewiseUpload, step: 'append' | 'finalize'): string {
  return `/2/media/upload/${encodeURIComponent(mediaId)}/${step}`;
}
