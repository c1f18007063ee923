import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { PublishCall } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** A reference to uploaded bytes, as the server gave it: it goes into the record unchanged. */
export const BlobRef = Type.Object({
  $type: Type.Literal('blob'),
  ref: Type.Object({ $link: Type.String({ minLength: 1 }) }),
  mimeType: Type.String(),
  size: Type.Number(),
});

export type BlobRef = Static<typeof BlobRef>;

export const blobs = uploadsUnder('blobs', Type.Object({ blob: BlobRef, uploadedAt: Type.String() }));

const Evidence = Type.Object({
  /** The record's key, which follows from the delivery; and its date, which is chosen once. */
  rkey: Type.Optional(Type.String()),
  createdAt: Type.Optional(Type.String()),
  /** By handle; null where nobody stands behind it. */
  mentions: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]))),
});
export type Evidence = Static<typeof Evidence>;

/** @throws Error when the row holds what no version of this publisher has written. */
export function evidenceOf(call: PublishCall): Evidence {
  return Value.Parse(Evidence, call.evidence);
}
