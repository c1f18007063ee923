import { Type } from 'typebox';
import { findProblem } from '../../validation.ts';
import type { BoundedMap } from '../../world/bounded-map.ts';
import { imageTypeOf } from '../../world/images.ts';
import type { World } from '../../world/world.ts';
import { tokenFromName } from '../accounts.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { isOrganization } from './accounts.ts';
import { accessDenied, badInput, notFound } from './refusals.ts';

export interface ImageAsset {
  urn: string;
  owner: string;
  uploadExpiresAt: number;
  /** Null until the bytes have come. */
  received: { imageId: string; processedAt: number; isUsable: boolean } | null;
}

export type AssetStatus = 'WAITING_UPLOAD' | 'PROCESSING' | 'AVAILABLE' | 'PROCESSING_FAILED';

const uploadLifetimeMs = 24 * 3_600_000;

export function statusOf({ received }: ImageAsset, now: number): AssetStatus {
  if (!received) return 'WAITING_UPLOAD';
  if (now < received.processedAt) return 'PROCESSING';
  return received.isUsable ? 'AVAILABLE' : 'PROCESSING_FAILED';
}

const InitializeBody = Type.Object(
  { initializeUploadRequest: Type.Object({ owner: Type.String() }, { additionalProperties: false }) },
  { additionalProperties: false },
);

/** Registration, the bytes, and a status that only organizations may read. Assets are found by URN and by upload key. */
export function imageEndpoints(
  world: World,
  rules: { imageProcessingMs: number },
  assets: BoundedMap<string, ImageAsset>,
  nextId: () => string,
): Endpoint[] {
  function initialize({ request, account, now, origin }: Call): Answer {
    const action = (request.query as { action?: string }).action;
    if (action !== 'initializeUpload') return badInput('INVALID_VALUE_FOR_FIELD', 'action', 'Unknown action');
    const problem = findProblem(InitializeBody, request.body);
    if (problem)
      return badInput('INVALID_VALUE_FOR_FIELD', problem.field, `${problem.field} ${problem.rule}`);
    const { owner } = (request.body as { initializeUploadRequest: { owner: string } })
      .initializeUploadRequest;
    if (owner !== account.id) return accessDenied('images.ACTION-initializeUpload');

    const key = tokenFromName(`image ${nextId()}`, 20);
    const urn = `urn:li:image:${key}`;
    const uploadExpiresAt = now + uploadLifetimeMs;
    assets.set(urn, { urn, owner, uploadExpiresAt, received: null });
    const uploadUrl = `${origin}/linkedin/dms-uploads/${key}/uploaded-image/0?ca=vector_feedshare&cn=uploads&sync=0`;
    return {
      status: 200,
      body: { value: { uploadUrlExpiresAt: uploadExpiresAt, uploadUrl, image: urn } },
    };
  }

  function receive({ request, account, now, alteration }: Call): Answer {
    const { key } = request.params as { key: string };
    const asset = assets.get(`urn:li:image:${key}`);
    if (!asset || asset.owner !== account.id) return notFound(key);
    if (now >= asset.uploadExpiresAt)
      return badInput('EXPIRED_UPLOAD_URL', 'uploadUrl', 'Upload URL has expired');
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const type = imageTypeOf(bytes);
    // Whether it is an image shows only in processing, after the upload was accepted.
    const willFail = alteration('processing-failed') !== undefined;
    asset.received = {
      imageId: world.images.keep(bytes),
      processedAt: now + rules.imageProcessingMs,
      isUsable: type !== undefined && type !== 'image/webp' && !willFail,
    };
    return { status: 201 };
  }

  function read({ request, account, now }: Call): Answer {
    if (!isOrganization(account.handle)) return accessDenied('images.GET');
    const { urn } = request.params as { urn: string };
    const asset = assets.get(urn);
    if (!asset || asset.owner !== account.id) return notFound(urn);
    return { status: 200, body: { id: urn, owner: asset.owner, status: statusOf(asset, now) } };
  }

  return [
    { method: 'POST', url: '/rest/images', step: 'upload', answer: initialize },
    { method: 'PUT', url: '/dms-uploads/:key/uploaded-image/0', step: 'upload', answer: receive },
    { method: 'GET', url: '/rest/images/:urn', step: 'status', answer: read },
  ];
}
