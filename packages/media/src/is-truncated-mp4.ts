import { open } from 'node:fs/promises';

const HEADER_BYTES = 16;

/**
 * MP4 and MOV are a list of boxes, each with its length (ISO/IEC 14496-12, 4.2). In a truncated file the last box goes past
 * the end.
 */
export async function isTruncatedMp4(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(header, 0, HEADER_BYTES, at);
      const length = boxLength(header.subarray(0, bytesRead));
      if (length === 'to the end') return false;
      if (length === undefined) return true;
      at += length;
    }
    return at !== size;
  } finally {
    await file.close();
  }
}

function boxLength(header: Buffer): number | 'to the end' | undefined {
  if (header.length < 8) return undefined;
  const length = header.readUInt32BE(0);
  if (length === 0) return 'to the end';
  if (length > 1) return length >= 8 ? length : undefined;
  if (header.length < HEADER_BYTES) return undefined;
  const long = Number(header.readBigUInt64BE(8));
  return long >= HEADER_BYTES ? long : undefined;
}
