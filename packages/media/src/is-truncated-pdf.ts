import { open } from 'node:fs/promises';

/** Readers look for the end marker only in the last bytes of the file (PDF 1.7, implementation note 18). */
const END_BYTES = 1_024;

/**
 * The last lines of a PDF are the offset of its cross-reference table and the end marker (ISO 32000-1, 7.5.5). A truncated
 * file ends differently. One that was made for the web (linearized) and was cut behind its first page has the offset 0.
 */
export async function isTruncatedPdf(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const end = Buffer.alloc(Math.min(END_BYTES, size));
    await file.read(end, 0, end.length, size - end.length);
    const last = end.subarray(Math.max(0, end.lastIndexOf('startxref')));
    return !/^startxref\s+0*[1-9]\d*\s+%%EOF/.test(last.toString('latin1'));
  } finally {
    await file.close();
  }
}
