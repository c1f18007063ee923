import { createHash } from 'node:crypto';

/** Base 32 in an order that sorts, as the AT Protocol has it. */
const DIGITS = '234567abcdefghijklmnopqrstuvwxyz';
const LENGTH = 13;

/**
 * The key of a delivery's record: 53 bits of microseconds, 10 bits that tell writers apart. The milliseconds are those at
 * which the delivery was written down; what is below them follows from its id, so that posts of one account at one instant
 * do not meet. It is the same every time: a database that forgot what was sent sends it under the same key again.
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
