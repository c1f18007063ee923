import { Type } from 'typebox';
import { findProblem } from '../../validation.ts';
import type { World } from '../../world/world.ts';
import { tokenFromName } from '../accounts.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { expiredUrl, statusEndpoint, uploadLifetimeMs, type Assets } from './assets.ts';
import { accessDenied, badInput, notFound } from './refusals.ts';

/** Files that are uploaded in one piece: images and documents. */
export interface WholeUpload {
  kind: 'image' | 'document';
  /** Checked during processing, after the upload was accepted. */
  isUsable: (bytes: Buffer) => boolean;
  processingMs: () => number;
}

const InitializeBody = Type.Object(
  { initializeUploadRequest: Type.Object({ owner: Type.String() }, { additionalProperties: false }) },
  { additionalProperties: false },
);

/** Register, then upload all bytes with the bearer token to the returned URL. */
export function wholeUploadEndpoints(
  world: World,
  { kind, isUsable, processingMs }: WholeUpload,
  assets: Assets,
  nextId: () => string,
): Endpoint[] {
  const urnOf = (key: string) => `urn:li:${kind}:${key}`;

  function initialize({ request, account, now, origin }: Call): Answer {
    const action = (request.query as { action?: string }).action;
    if (action !== 'initializeUpload') return badInput('INVALID_VALUE_FOR_FIELD', 'action', 'Unknown action');
    const problem = findProblem(InitializeBody, request.body);
    if (problem)
      return badInput('INVALID_VALUE_FOR_FIELD', problem.field, `${problem.field} ${problem.rule}`);
    const { owner } = (request.body as { initializeUploadRequest: { owner: string } })
      .initializeUploadRequest;
    if (owner !== account.id) return accessDenied(`${kind}s.ACTION-initializeUpload`);

    const key = tokenFromName(`${kind} ${nextId()}`, 20);
    const urn = urnOf(key);
    const uploadExpiresAt = now + uploadLifetimeMs;
    assets.set(urn, { urn, kind, owner, uploadExpiresAt, received: null });
    const uploadUrl = `${origin}/linkedin/dms-uploads/${key}/uploaded-${kind}/0?ca=vector_feedshare&cn=uploads&sync=0`;
    return {
      status: 200,
      body: { value: { uploadUrlExpiresAt: uploadExpiresAt, uploadUrl, [kind]: urn } },
    };
  }

  function receive({ request, account, now, alteration }: Call): Answer {
    const { key } = request.params as { key: string };
    const asset = assets.get(urnOf(key));
    if (!asset || asset.owner !== account.id) return notFound(key);
    if (now >= asset.uploadExpiresAt) return expiredUrl();
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const willFail = alteration('processing-failed') !== undefined;
    asset.received = {
      fileId: world.images.keep(bytes),
      processedAt: now + processingMs(),
      isUsable: isUsable(bytes) && !willFail,
    };
    return { status: 201 };
  }

  return [
    { method: 'POST', url: `/rest/${kind}s`, step: 'upload', answer: initialize },
    { method: 'PUT', url: `/dms-uploads/:key/uploaded-${kind}/0`, step: 'upload', answer: receive },
    statusEndpoint(kind, assets),
  ];
}
