import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { findProblem } from '../../validation.ts';
import { fileTypeOf } from '../../world/images.ts';
import type { World } from '../../world/world.ts';
import { tokenFromName } from '../accounts.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { expiredUrl, statusEndpoint, uploadLifetimeMs, type Asset, type Assets } from './assets.ts';
import { accessDenied, badInput, bearerNotWanted, notFound } from './refusals.ts';

const strict = { additionalProperties: false };
const partBytes = 4 * 1024 * 1024;
const [minBytes, maxBytes] = [75 * 1024, 500_000_000];

const InitializeBody = Type.Object(
  {
    initializeUploadRequest: Type.Object(
      {
        owner: Type.String(),
        fileSizeBytes: Type.Integer({ minimum: minBytes, maximum: maxBytes }),
        uploadCaptions: Type.Boolean(),
        uploadThumbnail: Type.Boolean(),
      },
      strict,
    ),
  },
  strict,
);

const FinalizeBody = Type.Object(
  {
    finalizeUploadRequest: Type.Object(
      {
        video: Type.String(),
        uploadToken: Type.String(),
        uploadedPartIds: Type.Array(Type.String(), { minItems: 1 }),
      },
      strict,
    ),
  },
  strict,
);

/** A video upload in progress. Its parts are kept until it is finalized. */
interface VideoUpload {
  asset: Asset;
  handle: string;
  fileSizeBytes: number;
  uploadToken: string;
  /** The last upload of each part. */
  parts: ({ etag: string; bytes: Buffer } | undefined)[];
}

/** Register, upload parts without a bearer token, finalize with their ETags in order, and read the status. */
export function videoEndpoints(
  world: World,
  rules: { videoProcessingMs: number },
  assets: Assets,
  nextId: () => string,
): Endpoint[] {
  const uploads = world.createTable<VideoUpload>(10_000);
  const urnOf = (key: string) => `urn:li:video:${key}`;
  const keyOf = (request: FastifyRequest) => (request.params as { key: string }).key;

  function act(call: Call): Answer {
    switch ((call.request.query as { action?: string }).action) {
      case 'initializeUpload':
        return initialize(call);
      case 'finalizeUpload':
        return finalize(call);
      default:
        return badInput('INVALID_VALUE_FOR_FIELD', 'action', 'Unknown action');
    }
  }

  function initialize({ request, account, now, origin }: Call): Answer {
    const problem = findProblem(InitializeBody, request.body);
    if (problem)
      return badInput('INVALID_VALUE_FOR_FIELD', problem.field, `${problem.field} ${problem.rule}`);
    const { owner, fileSizeBytes } = (request.body as Static<typeof InitializeBody>).initializeUploadRequest;
    if (owner !== account.id) return accessDenied('videos.ACTION-initializeUpload');

    const key = tokenFromName(`video ${nextId()}`, 20);
    const count = Math.ceil(fileSizeBytes / partBytes);
    const asset: Asset = {
      urn: urnOf(key),
      kind: 'video',
      owner,
      uploadExpiresAt: now + uploadLifetimeMs,
      received: null,
    };
    // On LinkedIn the token may be empty. Here it is, for a video of one part, so that clients meet both cases.
    const uploadToken = count > 1 ? tokenFromName(`upload of ${key}`, 30) : '';
    const parts = Array.from({ length: count }, () => undefined);
    uploads.set(key, { asset, handle: account.handle, fileSizeBytes, uploadToken, parts });
    assets.set(asset.urn, asset);
    return {
      status: 200,
      body: {
        value: {
          uploadUrlsExpireAt: asset.uploadExpiresAt,
          video: asset.urn,
          uploadInstructions: parts.map((_, part) => ({
            uploadUrl: `${origin}/linkedin/dms-uploads/${key}/uploadedVideo/${part}?signature=${tokenFromName(key, 12)}`,
            firstByte: part * partBytes,
            lastByte: Math.min((part + 1) * partBytes, fileSizeBytes) - 1,
          })),
          uploadToken,
          captionsUploadUrl: '',
          thumbnailUploadUrl: '',
        },
      },
    };
  }

  /** The URL is signed for its owner, so a bearer token is refused. */
  function receive({ request, now }: Call): Answer {
    const upload = uploads.get(keyOf(request));
    const part = Number((request.params as { part: string }).part);
    if (!upload || !(part in upload.parts)) return notFound(keyOf(request));
    if (request.headers.authorization !== undefined) return bearerNotWanted();
    if (now >= upload.asset.uploadExpiresAt) return expiredUrl();
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const expected = Math.min(partBytes, upload.fileSizeBytes - part * partBytes);
    if (bytes.length !== expected) {
      return badInput('INVALID_VALUE_FOR_FIELD', 'body', `part ${part} must have ${expected} bytes`);
    }
    const hash = createHash('sha256')
      .update(`${keyOf(request)} ${part} ${nextId()}`)
      .update(bytes);
    const etag = `/ambry-video/signedId/${hash.digest('hex')}.bin`;
    upload.parts[part] = { etag, bytes };
    return { status: 200, headers: { etag: `"${etag}"` } };
  }

  function finalize({ request, account, now, alteration }: Call): Answer {
    const problem = findProblem(FinalizeBody, request.body);
    if (problem)
      return badInput('INVALID_VALUE_FOR_FIELD', problem.field, `${problem.field} ${problem.rule}`);
    const asked = (request.body as Static<typeof FinalizeBody>).finalizeUploadRequest;
    const upload = uploads.get(asked.video.replace('urn:li:video:', ''));
    if (!upload || upload.asset.owner !== account.id) {
      return badInput('INVALID_VIDEO_ID', 'video', `${asked.video} is not a video of the author`);
    }
    if (upload.asset.received) {
      return badInput('INVALID_VALUE_FOR_FIELD', 'video', `${asked.video} has been finalized before`);
    }
    const etags = upload.parts.map((part) => part?.etag);
    if (asked.uploadToken !== upload.uploadToken || asked.uploadedPartIds.join() !== etags.join()) {
      return badInput('INVALID_VALUE_FOR_FIELD', 'uploadedPartIds', 'must be those of all parts, in order');
    }
    const bytes = Buffer.concat(upload.parts.map((part) => part?.bytes ?? Buffer.alloc(0)));
    const willFail = alteration('processing-failed') !== undefined;
    upload.asset.received = {
      fileId: world.images.keep(bytes),
      processedAt: now + rules.videoProcessingMs,
      isUsable: fileTypeOf(bytes) === 'video/mp4' && !willFail,
    };
    upload.parts = [];
    return { status: 200 };
  }

  return [
    { method: 'POST', url: '/rest/videos', step: 'upload', answer: act },
    {
      method: 'PUT',
      url: '/dms-uploads/:key/uploadedVideo/:part',
      step: 'upload',
      handleOf: (request) => uploads.get(keyOf(request))?.handle,
      answer: receive,
    },
    statusEndpoint('video', assets),
  ];
}
