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

/** Longer than any platform takes (LinkedIn: 4,086). */
export const MAX_ALT_TEXT = 5_000;

/**
 * Reads the form of an upload to its end; the file goes to the disk as it comes.
 * @throws HttpProblem `invalid_request`, and what Fastify's parser throws with a status of its own.
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
      // What goes on behind the largest size is refused now, and not at its end.
      if (received && received.file.byteSize > MAX_UPLOAD_BYTES) break;
    }
  } catch (error) {
    throw isExplained(error) ? error : new HttpProblem('invalid_request', UNREADABLE_FORM, { cause: error });
  }
  if (!received) throw invalidField('file', 'required', 'must be given: one image or video');
  return { ...received, altText };
}

/** What the store says is told apart from what is wrong with the form. */
async function receive(file: Readable, upload: Upload): Promise<ReceivedFile> {
  try {
    return await upload.receive(file);
  } catch (error) {
    throw storeProblem(error);
  }
}

const UNREADABLE_FORM =
  'The form could not be read to its end: it is cut off, or its boundary is wrong. Send it again.';

/** Ours, Fastify's with a code, or the disk's; what is left is the parser's word for a broken form. */
function isExplained(error: unknown): boolean {
  return (
    error instanceof AppError || (error instanceof Error && ('statusCode' in error || 'syscall' in error))
  );
}

/** Null where there is nothing to see. */
export function altTextOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_ALT_TEXT) {
    throw invalidField('altText', 'maxLength', `must be text of at most ${MAX_ALT_TEXT} characters`);
  }
  // A form says nothing of its encoding: what is not UTF-8 has become U+FFFD, which nobody writes.
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
