import { AppError } from '@solospark/foundation';
import {
  MAX_GIF_PIXELS,
  MAX_MEGABYTES,
  MAX_PAGES,
  MAX_PIXELS,
  TAKEN_TYPES,
  type MediaKind,
} from './media-file.ts';

/** The file is refused. The message says why, and what to upload instead. */
export class MediaFileError extends AppError<'media_too_large' | 'unsupported_media' | 'invalid_media'> {}

function refusal(
  code: MediaFileError['code'],
  rule: string,
  detail: string,
  todo: string,
  cause?: unknown,
): MediaFileError {
  return new MediaFileError(code, `The file ${detail}. ${todo}`, {
    errors: [{ pointer: '/file', code: rule, detail }],
    cause,
  });
}

const UPLOAD_WHOLE = 'Upload the whole file.';
const OR_FFMPEG = ', or ask whoever runs this server to install ffmpeg, which converts others';

export function emptyFile(): MediaFileError {
  return refusal('invalid_media', 'empty', 'is empty: it has 0 bytes', UPLOAD_WHOLE);
}

const CALLED: Readonly<Record<MediaKind, string>> = {
  image: 'an image',
  gif: 'an image',
  video: 'a video',
  document: 'a PDF',
};

export function tooLarge(kind: MediaKind): MediaFileError {
  return refusal(
    'media_too_large',
    'size',
    `is larger than ${MAX_MEGABYTES[kind]} MB, the most that ${CALLED[kind]} may have`,
    'Upload a smaller one.',
  );
}

/** `found`: the type of its content, if it is known. */
export function typeNotTaken(name: string, found: string | undefined): MediaFileError {
  const what = found === undefined ? 'of no type that is known here' : found;
  const called = name === '' ? '' : `, though it is called "${name.slice(0, 100)}"`;
  return refusal('unsupported_media', 'type', `is ${what} by its content${called}`, `Upload ${TAKEN_TYPES}.`);
}

export function codecNotTaken(what: 'picture' | 'sound', codec: string): MediaFileError {
  return refusal(
    'unsupported_media',
    'codec',
    `has its ${what} encoded as ${codec}`,
    `Upload a video with H.264 or HEVC and, if it has sound, AAC${OR_FFMPEG}.`,
  );
}

/** Whether only its codec is the reason, so that ffmpeg can convert it. */
export const isAboutCodec = (error: unknown): boolean => rules(error, 'codec');

/** Whether the file could not be decoded. */
export const isDamage = (error: unknown): boolean => rules(error, 'damaged');

const rules = (error: unknown, rule: string): boolean =>
  error instanceof MediaFileError && error.errors?.[0]?.code === rule;

export function needsFfmpeg(what: string): MediaFileError {
  return refusal(
    'unsupported_media',
    'type',
    `is ${what} by its content, which no platform takes and which has to be converted`,
    `Upload ${TAKEN_TYPES}${OR_FFMPEG}.`,
  );
}

/** `why` becomes a part of the message, such as "takes longer than 4 minutes". */
export function notConverted(why: string, cause?: unknown): MediaFileError {
  return refusal(
    'unsupported_media',
    'conversion',
    `has to be converted before any platform takes it, and that ${why}`,
    `Upload ${TAKEN_TYPES}.`,
    cause,
  );
}

export function noPicture(): MediaFileError {
  return refusal('unsupported_media', 'picture', 'is a video without a picture', `Upload ${TAKEN_TYPES}.`);
}

export function tooManyPixels(kind: MediaKind): MediaFileError {
  const detail =
    kind === 'gif'
      ? `has more than ${MAX_GIF_PIXELS / 1e6} million pixels in all its frames`
      : `has, or claims to have, more than ${MAX_PIXELS / 1e6} million pixels`;
  return refusal('invalid_media', 'pixels', detail, 'Upload a smaller one.');
}

export function damaged(mimeType: string, cause?: unknown): MediaFileError {
  return refusal(
    'invalid_media',
    'damaged',
    `starts as ${mimeType}, and is damaged or cut off`,
    UPLOAD_WHOLE,
    cause,
  );
}

export function encrypted(): MediaFileError {
  return refusal(
    'unsupported_media',
    'encrypted',
    'is a PDF that is encrypted: it asks for a password, or restricts what may be done with it',
    'Upload it without a password and without restrictions.',
  );
}

/** `what` becomes a part of the message, such as "JavaScript" or "a file inside". */
export function activeContent(what: string): MediaFileError {
  return refusal(
    'unsupported_media',
    'active_content',
    `is a PDF with ${what}, and only pages to be looked at are taken`,
    'Print it to a new PDF, and upload that one.',
  );
}

export function wrongPageCount(pageCount: number): MediaFileError {
  return pageCount === 0
    ? refusal('invalid_media', 'pages', 'is a PDF without a page', 'Upload one that has pages.')
    : refusal(
        'invalid_media',
        'pages',
        `is a PDF of ${pageCount} pages, and ${MAX_PAGES} are the most that are taken`,
        'Upload a shorter one.',
      );
}

const EXPORT_ANEW = 'Export it once more, smaller if that is possible, and upload that one.';
export const PRINT_ANEW = 'Print it to a new PDF, and upload that one.';

/** The process that read the file ended before it was done. */
export function tooComplex(cause: unknown, todo = EXPORT_ANEW): MediaFileError {
  return refusal('invalid_media', 'complexity', 'takes too long to read, or too much memory', todo, cause);
}
