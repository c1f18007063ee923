import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { PublishCall } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** The server's reference to uploaded bytes. It goes into the record unchanged. */
export const BlobRef = Type.Object({
  $type: Type.Literal('blob'),
  ref: Type.Object({ $link: Type.String({ minLength: 1 }) }),
  mimeType: Type.String(),
  size: Type.Number(),
});

export type BlobRef = Static<typeof BlobRef>;

export const blobs = uploadsUnder('blobs', Type.Object({ blob: BlobRef, uploadedAt: Type.String() }));

const Evidence = Type.Object({
  /** The record's key, derived from the delivery. Its date is chosen once. */
  rkey: Type.Optional(Type.String()),
  createdAt: Type.Optional(Type.String()),
  /** The DID of each mentioned handle; null if no account has the handle. */
  mentions: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]))),
});
export type Evidence = Static<typeof Evidence>;

/** @throws Error when the evidence has a form that no version of this publisher writes. */
export function evidenceOf(call: PublishCall): Evidence {
  return Value.Parse(Evidence, call.evidence);
}
