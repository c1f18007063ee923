import { randomUUID } from 'node:crypto';
import type { StreamedBody } from './http.ts';
import type { PublishMedia } from './publisher.ts';

const PIECE_BYTES = 1_048_576;

/** The pieces of a file, one after the other; no more of it than one is held. */
export async function* piecesOf(
  file: Pick<PublishMedia, 'byteSize' | 'bytes'>,
  pieceBytes = PIECE_BYTES,
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < file.byteSize; start += pieceBytes) {
    yield await file.bytes({ start, end: Math.min(start + pieceBytes, file.byteSize) - 1 });
  }
}

/** `multipart/form-data` (RFC 7578) with one file in it, which is read while it is sent. */
export function multipartBody(form: {
  fields: Record<string, string>;
  file: {
    field: string;
    fileName: string;
    mimeType: string;
    byteSize: number;
    pieces: AsyncIterable<Uint8Array>;
  };
}): { headers: { 'content-type': string }; body: StreamedBody } {
  const { file } = form;
  const boundary = `solospark-${randomUUID()}`;
  const part = (field: string, more = '') =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${field}"${more}\r\n\r\n`;
  const fields = Object.entries(form.fields).map(([field, value]) => `${part(field)}${value}\r\n`);
  const type = `; filename="${file.fileName}"\r\ncontent-type: ${file.mimeType}`;
  const head = Buffer.from(fields.join('') + part(file.field, type));
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);

  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* file.pieces;
    yield end;
  }
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: { byteSize: head.length + file.byteSize + end.length, pieces: pieces() },
  };
}
