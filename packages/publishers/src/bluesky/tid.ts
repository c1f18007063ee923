import { randomInt } from 'node:crypto';

/** Base 32 in an order that sorts, as the AT Protocol has it. */
const DIGITS = '234567abcdefghijklmnopqrstuvwxyz';
const LENGTH = 13;

/**
 * A key for a new record: 53 bits of microseconds, 10 bits that tell writers apart. Our clock knows milliseconds only;
 * what is below them is chance, so that posts of one account at one instant do not meet.
 */
export function createTid(now: Date): string {
  const microseconds = BigInt(now.getTime()) * 1_000n + BigInt(randomInt(1_000));
  return encodeTid((microseconds << 10n) | BigInt(randomInt(1_024)));
}

function encodeTid(value: bigint): string {
  const digits = Array.from(
    { length: LENGTH },
    (_, place) => (value >> BigInt(5 * (LENGTH - 1 - place))) & 31n,
  );
  return digits.map((digit) => DIGITS.charAt(Number(digit))).join('');
}
