import { randomUUID } from 'node:crypto';
import type { StreamedBody } from './http.ts';

/** `multipart/form-data` (RFC 7578) with one file, which is read while it is sent. */
export function multipartBody(form: {
  fields: Record<string, string>;
  file: { field: string; fileName: string; mimeType: string; content: StreamedBody };
}): { headers: { 'content-type': string }; body: StreamedBody } {
  const { field, fileName, mimeType, content } = form.file;
  const boundary = `solospark-${randomUUID()}`;
  const part = (name: string, more = '') =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n`;
  const fields = Object.entries(form.fields).map(([name, value]) => `${part(name)}${value}\r\n`);
  const type = `; filename="${fileName}"\r\ncontent-type: ${mimeType}`;
  const head = Buffer.from(fields.join('') + part(field, type));
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);

  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* content.pieces;
    yield end;
  }
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: { byteSize: head.length + content.byteSize + end.length, pieces: pieces() },
  };
}
