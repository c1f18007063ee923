import { createHash } from 'node:crypto';

const base32Alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
/** The same digits in sort order. */
const tidAlphabet = '234567abcdefghijklmnopqrstuvwxyz';

const rawCodec = 0x55;
const dagCborCodec = 0x71;

/** RFC 4648 in lower case, without padding. */
export function base32(bytes: Uint8Array): string {
  let digits = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) digits += base32Alphabet[(value >> (bits - 5)) & 31];
  }
  return bits > 0 ? digits + base32Alphabet[(value << (5 - bits)) & 31] : digits;
}

/** The real CID of these bytes: version 1, raw, SHA-256. */
export const cidOfBytes = (bytes: Uint8Array) => cidOf(rawCodec, bytes);

/** Equal for equal records, whatever the order of their keys. The real one hashes DAG-CBOR where this hashes JSON. */
export const cidOfRecord = (record: unknown) => cidOf(dagCborCodec, Buffer.from(canonicalJson(record)));

function cidOf(codec: number, bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest();
  return `b${base32(Buffer.concat([Buffer.from([1, codec, 0x12, hash.length]), hash]))}`;
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** 53 bits of microseconds and 10 bits of a clock's id, in 13 digits of 5 bits. */
export function tidOf(value: bigint): string {
  let digits = '';
  for (let rest = value, place = 0; place < 13; place += 1, rest >>= 5n) {
    digits = `${tidAlphabet[Number(rest & 31n)]}${digits}`;
  }
  return digits;
}

/** The highest of the 64 bits is never set. */
export const isTid = (rkey: string) => /^[2-7a-j][2-7a-z]{12}$/.test(rkey);
