/** How long an MP4 or MOV is, as the header of its movie says; undefined where that header is not to be found. */
export function videoDurationOf(bytes: Buffer): number | undefined {
  const movie = findBox(bytes, 'moov');
  const header = movie && findBox(movie, 'mvhd');
  if (!header || header.length < 32) return undefined;
  // The newer form has times of eight bytes.
  const isLong = header.readUInt8(0) === 1;
  const timescale = header.readUInt32BE(isLong ? 20 : 12);
  const duration = isLong ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  return timescale === 0 ? undefined : (duration / timescale) * 1000;
}

/** The media comes first, so that nobody knows what it is until the last byte has come: "moov atom at the front of the file". */
export function isTableLast(bytes: Buffer): boolean {
  const [table, media] = ['moov', 'mdat'].map((type) => findBox(bytes, type));
  // What was not kept is not looked for.
  return table !== undefined && media !== undefined && table.byteOffset > media.byteOffset;
}

/** What is inside the first box of that type. A box has its length and its type in front. */
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
