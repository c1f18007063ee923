import type { DiskProcess } from './disk-process.ts';

const PIECE_BYTES = 256 * 1024;

/** Reads a local file piece by piece, with one piece in memory. */
export async function* readInPieces(
  disk: DiskProcess,
  path: string,
  byteSize: number,
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < byteSize;) {
    const { bytes } = await disk.call('read', { path, start, length: PIECE_BYTES });
    if (bytes.byteLength === 0)
      throw new Error('the file to be stored became shorter while it was being read');
    yield bytes;
    start += bytes.byteLength;
  }
}
