import { describe, expect, it } from '@jest/globals';
import { multipartBody } from '../src/multipart.ts';

const content = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256));
async function* inPieces(bytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < content.length; start += bytes) {
    yield await Promise.resolve(content.subarray(start, start + bytes));
  }
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const piece of pieces) found.push(Buffer.from(piece));
  return found;
}

describe('a streamed form', () => {
  it('can be parsed, and has its declared length', async () => {
    const { headers, body } = multipartBody({
      fields: { description: 'Ünïcode\r\n--solospark' },
      file: {
        field: 'file',
        fileName: 'file.mp4',
        mimeType: 'video/mp4',
        content: { byteSize: content.length, pieces: inPieces(300) },
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
