import { createHash } from 'node:crypto';

/** The sortable base 32 of the AT Protocol. */
const DIGITS = '234567abcdefghijklmnopqrstuvwxyz';
const LENGTH = 13;

/**
 * The key of a delivery's record: 53 bits of microseconds, then 10 bits that distinguish writers. The milliseconds are the
 * delivery's creation time; the lower digits come from a hash of its id, so that two posts of an account in the same millisecond
 * get different keys. The key never changes: after a restore from a backup, the delivery is sent again under the same key.
 */
export function createTid(delivery: { id: string; createdAt: Date }): string {
  const hash = createHash('sha256').update(delivery.id).digest();
  const microseconds = BigInt(delivery.createdAt.getTime()) * 1_000n + BigInt(hash.readUInt32BE(0) % 1_000);
  return encodeTid((microseconds << 10n) | BigInt(hash.readUInt32BE(4) % 1_024));
}

function encodeTid(value: bigint): string {
  const digits = Array.from(
    { length: LENGTH },
    (_, place) => (value >> BigInt(5 * (LENGTH - 1 - place))) & 31n,
  );
  return digits.map((digit) => DIGITS.charAt(Number(digit))).join('');
}
