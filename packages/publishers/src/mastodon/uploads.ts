import { Type, type Static } from 'typebox';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** A file on the server. */
const Upload = Type.Object({
  /** Null: the file has to be uploaded again. */
  mediaId: Type.Union([Type.String(), Type.Null()]),
  isReady: Type.Boolean(),
  /** Its URL, which identifies it on servers that give attachments other ids. */
  url: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  /** When it was uploaded; absent in the evidence of older versions. */
  uploadedAt: Type.Optional(Type.String()),
  /** How often the server failed to process it. */
  failures: Type.Number(),
  /** Ids of earlier uploads: the post of an earlier attempt may have one of them. */
  formerIds: Type.Array(Type.String()),
  formerUrls: Type.Optional(Type.Array(Type.String())),
});
export type Upload = Static<typeof Upload>;

const uploads = uploadsUnder('uploads', Upload);
const nothing: Upload = { mediaId: null, isReady: false, failures: 0, formerIds: [] };

export function uploadOf(call: PublishCall, file: PublishMedia): Upload {
  return uploads.find(call, file) ?? nothing;
}

/** The id to attach, or null if the file is not ready. */
export function readyIdOf(call: PublishCall, file: PublishMedia): string | null {
  const { isReady, mediaId } = uploadOf(call, file);
  return isReady ? mediaId : null;
}

/** The ids that the public call attaches. */
export function currentMediaIds(call: PublishCall): string[] {
  return call.media.flatMap((file) => readyIdOf(call, file) ?? []);
}

/** The ids of all uploads that this delivery ever made: a status with one of them is ours. */
export function allMediaIds(call: PublishCall): string[] {
  return uploads
    .list(call)
    .flatMap(({ mediaId, formerIds }) => (mediaId === null ? formerIds : [mediaId, ...formerIds]));
}

/** The known URLs of the same uploads. */
export function allMediaUrls(call: PublishCall): string[] {
  return uploads.list(call).flatMap(({ url, formerUrls = [] }) => (url ? [url, ...formerUrls] : formerUrls));
}

export async function keepUpload(
  call: PublishCall,
  file: PublishMedia,
  changes: Partial<Upload>,
): Promise<void> {
  await uploads.keep(call, file, { ...uploadOf(call, file), ...changes });
}

/** Forgets the upload, but keeps its id and URL; see `formerIds`. */
export async function forgetUpload(
  call: PublishCall,
  file: PublishMedia,
  changes: Partial<Upload> = {},
): Promise<void> {
  const { mediaId, url, formerIds, formerUrls = [] } = uploadOf(call, file);
  await keepUpload(call, file, {
    mediaId: null,
    url: null,
    isReady: false,
    formerUrls: url ? [url, ...formerUrls] : formerUrls,
    formerIds: mediaId === null ? formerIds : [mediaId, ...formerIds],
    ...changes,
  });
}
