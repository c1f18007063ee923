import { MAX_UPLOAD_BYTES, storeProblem, type ReceivedFile, type Upload } from '@solospark/domain';
import {
  AppError,
  characterAt,
  findUnkeepable,
  hasVisibleText,
  sayWhere,
  type TextPart,
} from '@solospark/foundation';
import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { HttpProblem } from '../http/problem-plugin.ts';

/** More than any platform takes (LinkedIn: 4,086). */
export const MAX_ALT_TEXT = 5_000;

/**
 * Reads the whole form of an upload, and streams its file to the disk.
 * @throws HttpProblem `invalid_request`, and the errors of Fastify's parser that have a status of their own.
 */
export async function readUploadForm(
  request: Pick<FastifyRequest, 'parts'>,
  upload: Upload,
): Promise<{ file: ReceivedFile; name: string; altText: string | null }> {
  let received: { file: ReceivedFile; name: string } | undefined;
  let altText: string | null = null;
  let isDescribed = false;
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file' && part.fieldname === 'file') {
        received = { file: await receive(part.file, upload), name: part.filename ?? '' };
      } else if (part.fieldname === 'file') {
        throw invalidField(
          'file',
          'type',
          'is text: send it as a file, with a name (curl: -F file=@photo.jpg)',
        );
      } else if (part.type === 'field' && part.fieldname === 'altText') {
        if (isDescribed) throw invalidField('altText', 'maxItems', 'is given twice');
        isDescribed = true;
        altText = altTextOf(part.value);
      } else throw invalidField(part.fieldname, 'unknown', 'is not a field of this form');
      // Stop at once when the file is too large: do not read the rest of the form.
      if (received && received.file.byteSize > MAX_UPLOAD_BYTES) break;
    }
  } catch (error) {
    throw isExplained(error) ? error : new HttpProblem('invalid_request', UNREADABLE_FORM, { cause: error });
  }
  if (!received) throw invalidField('file', 'required', 'must be given: one image or video');
  return { ...received, altText };
}

/** Turns errors of the store into problems, so that they are not taken for a broken form. */
async function receive(file: Readable, upload: Upload): Promise<ReceivedFile> {
  try {
    return await upload.receive(file);
  } catch (error) {
    throw storeProblem(error);
  }
}

const UNREADABLE_FORM =
  'The form could not be read to its end: it is cut off, or its boundary is wrong. Send it again.';

/** Whether the error is ours, Fastify's with a status, or the disk's. Any other comes from the parser: a broken form. */
function isExplained(error: unknown): boolean {
  return (
    error instanceof AppError || (error instanceof Error && ('statusCode' in error || 'syscall' in error))
  );
}

/** Null when the text has no visible character. */
export function altTextOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_ALT_TEXT) {
    throw invalidField('altText', 'maxLength', `must be text of at most ${MAX_ALT_TEXT} characters`);
  }
  // A form does not declare its encoding: bytes that are not UTF-8 were decoded to U+FFFD, which no author writes.
  const replaced = value.indexOf('\ufffd');
  const at = findUnkeepable(value) ?? (replaced === -1 ? undefined : characterAt(value, replaced));
  if (at) {
    const detail = `must be whole Unicode characters in UTF-8, without NUL: see ${sayWhere(at)}`;
    throw invalidField('altText', 'characters', detail, at);
  }
  return hasVisibleText(value) ? value : null;
}

function invalidField(name: string, code: string, detail: string, at?: TextPart): HttpProblem {
  return new HttpProblem('invalid_request', `The field "${name}" ${detail}.`, {
    errors: [{ pointer: `/${name}`, code, detail, ...(at && { at }) }],
  });
}
