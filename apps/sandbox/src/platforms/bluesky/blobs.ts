import type { BoundedMap } from '../../world/bounded-map.ts';
import { mediaTypeOf } from '../../world/images.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { cidOfBytes } from './content-id.ts';
import type { BlobRef } from './record-schema.ts';
import { blobNotFound, invalidRequest, payloadTooLarge, xrpcError } from './refusals.ts';

/** An uploaded file of an account, found by the DID and the CID. */
export interface StoredBlob {
  mimeType: string;
  size: number;
  imageId: string;
  /** True: a record references it, so it does not expire. */
  kept: boolean;
  expiresAt: number;
}

export type Blobs = BoundedMap<string, StoredBlob>;

export function uploadEndpoint(
  world: World,
  rules: { blobUploadLimit: number; unreferencedBlobMs: number },
  blobs: Blobs,
): Endpoint {
  function upload({ request, account, now }: Call): Answer {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (bytes.length === 0) return invalidRequest('Request encoding (Content-Type) or body is missing');
    if (bytes.length > rules.blobUploadLimit) return payloadTooLarge();
    const cid = cidOfBytes(bytes);
    const key = `${account.id} ${cid}`;
    const earlier = find(blobs, key, now);
    const stored: StoredBlob = earlier ?? {
      // The type detected from the bytes, else the one that the caller declares.
      mimeType: mediaTypeOf(bytes) ?? request.headers['content-type'] ?? 'application/octet-stream',
      size: bytes.length,
      imageId: world.images.keep(bytes),
      kept: false,
      expiresAt: 0,
    };
    stored.expiresAt = now + rules.unreferencedBlobMs;
    blobs.set(key, stored);
    const { mimeType, size } = stored;
    return { status: 200, body: { blob: { $type: 'blob', ref: { $link: cid }, mimeType, size } } };
  }

  return { method: 'POST', url: '/xrpc/com.atproto.repo.uploadBlob', step: 'upload', answer: upload };
}

/** The blob that a record references, or the reason to refuse the record. */
export function findBlob(
  blobs: Blobs,
  did: string,
  ref: BlobRef,
  now: number,
): { stored: StoredBlob } | { refusal: Answer } {
  const cid = ref.ref.$link;
  const stored = find(blobs, `${did} ${cid}`, now);
  if (!stored) return { refusal: blobNotFound(cid) };
  if (stored.mimeType !== ref.mimeType) {
    const message = `Referenced Mimetype does not match stored mimetype. Expected: ${stored.mimeType}, Got: ${ref.mimeType}`;
    return { refusal: xrpcError(400, 'InvalidMimeType', message) };
  }
  if (stored.size !== ref.size) return { refusal: xrpcError(400, 'InvalidSize', 'Referenced size is wrong') };
  return { stored };
}

function find(blobs: Blobs, key: string, now: number): StoredBlob | undefined {
  const stored = blobs.get(key);
  return stored && (stored.kept || now < stored.expiresAt) ? stored : undefined;
}
