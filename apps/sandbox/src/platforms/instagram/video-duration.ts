/** The duration of an MP4 or MOV from its movie header; undefined when that header is not found. */
export function videoDurationOf(bytes: Buffer): number | undefined {
  const movie = findBox(bytes, 'moov');
  const header = movie && findBox(movie, 'mvhd');
  if (!header || header.length < 32) return undefined;
  // Version 1 of the header has times of eight bytes.
  const isLong = header.readUInt8(0) === 1;
  const timescale = header.readUInt32BE(isLong ? 20 : 12);
  const duration = isLong ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  return timescale === 0 ? undefined : (duration / timescale) * 1000;
}

/** True when `moov` comes after `mdat`. Instagram's documents require "moov atom at the front of the file". */
export function isTableLast(bytes: Buffer): boolean {
  const [table, media] = ['moov', 'mdat'].map((type) => findBox(bytes, type));
  // A box behind the kept beginning of the file is not found.
  return table !== undefined && media !== undefined && table.byteOffset > media.byteOffset;
}

/** The content of the first box of that type. A box begins with its length and its type. */
function findBox(bytes: Buffer, type: string): Buffer | undefined {
  let at = 0;
  while (at + 8 <= bytes.length) {
    const isLong = bytes.readUInt32BE(at) === 1 && at + 16 <= bytes.length;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : bytes.readUInt32BE(at);
    const head = isLong ? 16 : 8;
    if (length < head) return undefined;
    if (bytes.toString('latin1', at + 4, at + 8) === type) return bytes.subarray(at + head, at + length);
    at += length;
  }
  return undefined;
}
