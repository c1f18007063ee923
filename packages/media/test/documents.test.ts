import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deepPdf, pdf, pdfBomb } from '../../../test/support/documents.ts';
import { readMediaFile } from '../src/index.ts';
import { isTruncatedPdf } from '../src/is-truncated-pdf.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-document-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let serial = 0;
const written = async (bytes: Buffer) => {
  const path = join(folder, `document-${(serial += 1)}`);
  await writeFile(path, bytes);
  return path;
};
const readAt = async (path: string) =>
  readMediaFile({ path, byteSize: (await stat(path)).size, name: 'a' }, join(folder, 'unused'), 'client');
const read = async (bytes: Buffer) => readAt(await written(bytes));

/** The highest memory (RSS) of any child process until `end` settles. */
const mostMemoryUntil = async (end: Promise<unknown>) => {
  let most = 0;
  let ended = false;
  const watching = (async () => {
    while (!ended) {
      const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'ppid=,rss=']);
      for (const line of stdout.trim().split('\n')) {
        const [parent, kilobytes] = line.trim().split(/\s+/).map(Number);
        if (parent === process.pid) most = Math.max(most, (kilobytes ?? 0) * 1_024);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  try {
    await end;
  } finally {
    ended = true;
    await watching;
  }
  return most;
};

describe('a PDF', () => {
  it('is read without being changed', async () => {
    const bytes = pdf({ pages: 3 });
    const path = await written(bytes);
    expect(await readAt(path)).toEqual({
      kind: 'document',
      path,
      mimeType: 'application/pdf',
      byteSize: bytes.length,
      width: 300,
      height: 200,
      video: null,
      pageCount: 3,
    });
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });
  it.each([
    ['turned', '/MediaBox [0 0 300 200] /Rotate 90', 200, 300],
    ['cropped', '/MediaBox [0 0 300 200] /CropBox [10 10 110.4 60.6]', 100, 51],
    ['in larger units', '/MediaBox [0 0 300 200] /UserUnit 2', 600, 400],
  ])('has the size of its first page as it is shown: %s', async (_what, size, width, height) => {
    expect(await read(pdf({ size }))).toMatchObject({ width, height });
  });
  it('may have up to 1000 pages', async () => {
    expect(await read(pdf({ pages: 1_000 }))).toMatchObject({ pageCount: 1_000 });
    await expect(read(pdf({ pages: 1_001 }))).rejects.toMatchObject({
      code: 'invalid_media',
      message: expect.stringContaining('1001 pages, and 1000 are the most'),
      errors: [{ pointer: '/file', code: 'pages' }],
    });
  });
  it('is counted by its real pages, not by the count that it claims', async () => {
    expect(await read(pdf({ pages: 2, count: 2_147_483_647 }))).toMatchObject({ pageCount: 2 });
  });
  it('without a page is refused', async () => {
    await expect(read(pdf({ pages: 0 }))).rejects.toMatchObject({ errors: [{ code: 'pages' }] });
  });
  it.each(['password', 'restrictions'] as const)('encrypted for its %s is refused', async (encrypted) => {
    await expect(read(pdf({ encrypted }))).rejects.toMatchObject({
      code: 'unsupported_media',
      errors: [{ pointer: '/file', code: 'encrypted' }],
    });
  });
  it('is refused without its last line, although a reader could open it', async () => {
    const bytes = pdf({ pages: 2 });
    await expect(read(bytes.subarray(0, bytes.length - '%%EOF\n'.length))).rejects.toMatchObject({
      code: 'invalid_media',
      errors: [{ pointer: '/file', code: 'damaged' }],
    });
  });
  it.each([
    ['all pages are missing', (bytes: Buffer) => bytes.fill('x', 20, bytes.lastIndexOf('xref\n0'))],
    [
      'one page in the middle is missing',
      (bytes: Buffer) => {
        bytes.write('1 %', bytes.indexOf('<< /Type /Page /', bytes.indexOf('<< /Type /Page /') + 1));
        return bytes;
      },
    ],
  ])('is refused when its end is there but %s', async (_what, damage) => {
    await expect(read(damage(pdf({ pages: 3 })))).rejects.toMatchObject({
      code: 'invalid_media',
      errors: [{ pointer: '/file', code: 'damaged' }],
    });
  });
  it.each([
    ['it unpacks to more than memory holds', () => pdfBomb(100_000_000)],
    ['it keeps the library busy for ever', () => deepPdf(50_000)],
  ])('that is hostile ends only the process that reads it, and is refused: %s', async (_what, make) => {
    const path = await written(make());
    const refused = expect(readAt(path)).rejects.toMatchObject({
      code: 'invalid_media',
      errors: [{ pointer: '/file', code: 'complexity' }],
    });
    expect(await mostMemoryUntil(refused)).toBeLessThan(600e6);
    expect(await read(pdf())).toMatchObject({ pageCount: 1 });
  });
});

describe('isTruncatedPdf', () => {
  it('is false for a whole PDF, and true wherever it is cut off', async () => {
    const bytes = pdf({ pages: 2 });
    const path = await written(bytes);
    expect(await isTruncatedPdf(path)).toBe(false);
    // The last byte is only the end of a line, so it does not count.
    for (let length = bytes.length - 2; length >= 0; length -= 5) {
      await truncate(path, length);
      expect([length, await isTruncatedPdf(path)]).toEqual([length, true]);
    }
  });
  it('is true for a PDF for the web that is cut off behind its first page', async () => {
    const path = await written(Buffer.concat([pdf(), Buffer.from('startxref\n0\n%%EOF\n')]));
    expect(await isTruncatedPdf(path)).toBe(true);
  });
});
