import { describe, expect, it } from '@jest/globals';
import { multipartBody, piecesOf } from '../src/multipart.ts';

const content = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256));
const file = (reads: unknown[] = []) => ({
  byteSize: content.length,
  bytes: (range?: { start: number; end: number }) => {
    reads.push(range);
    return Promise.resolve(new Uint8Array(content.subarray(range?.start, range && range.end + 1)));
  },
});

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const piece of pieces) found.push(Buffer.from(piece));
  return found;
}

describe('the pieces of a file', () => {
  it('are all of it, in order, and read when they are wanted', async () => {
    const reads: unknown[] = [];
    const pieces = piecesOf(file(reads), 400);
    await pieces.next();
    expect(reads).toEqual([{ start: 0, end: 399 }]);
    expect(Buffer.concat(await collect(piecesOf(file(), 400)))).toEqual(content);
    expect((await collect(piecesOf(file(), 500))).map(({ length }) => length)).toEqual([500, 500]);
  });
});

describe('a form that is streamed', () => {
  it('is what a server reads as one, and as long as it says', async () => {
    const { headers, body } = multipartBody({
      fields: { description: 'Ünïcode\r\n--solospark' },
      file: {
        field: 'file',
        fileName: 'file.mp4',
        mimeType: 'video/mp4',
        byteSize: content.length,
        pieces: piecesOf(file(), 300),
      },
    });
    const bytes = Buffer.concat(await collect(body.pieces));
    expect(bytes).toHaveLength(body.byteSize);
    const form = await new Response(new Uint8Array(bytes), { headers }).formData();
    expect(form.get('description')).toBe('Ünïcode\r\n--solospark');
    const sent = form.get('file') as File;
    expect([sent.name, sent.type]).toEqual(['file.mp4', 'video/mp4']);
    expect(Buffer.from(await sent.arrayBuffer())).toEqual(content);
  });
});
