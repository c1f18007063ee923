import type { DocumentLimits, GifLimits, Limits, MediaLimits, ShapeLimits } from './limits.ts';
import type { Draft, DraftMedia, MediaKind, NotConverted, Violation } from './draft.ts';
import { findInVideo, findSides, rangeOf, within, type Finding, type Mend } from './video-rules.ts';

// Rules that are the same on every platform except for the numbers. `name` is the platform's name in the sentences.

const NOUNS: Record<MediaKind, { one: string; many: string }> = {
  image: { one: 'image', many: 'images' },
  gif: { one: 'GIF', many: 'GIFs' },
  video: { one: 'video', many: 'videos' },
  document: { one: 'document', many: 'documents' },
};

/** `countAltText` is the platform's own count. The default, UTF-16 code units, is never below code points or graphemes. */
export function checkMedia(
  name: string,
  draft: Draft,
  limits: Limits['media'],
  countAltText: (altText: string) => number = (altText) => altText.length,
): Violation[] {
  return [
    ...checkCount(name, draft.media, limits),
    ...draft.media.flatMap((file, index) => [
      ...checkFile(file, `media/${index}`, findIn(name, file, limits)),
      ...checkAltText(name, countAltText(file.altText ?? ''), `media/${index}`, limits),
    ]),
  ];
}

/** Warnings: the platform may refuse this; its documents are unclear. */
export function warnAboutMedia(name: string, draft: Draft, limits: MediaLimits): Violation[] {
  return draft.media.flatMap((file, index) =>
    findIn(name, file, limits)
      .filter(({ isWarning }) => isWarning)
      .map(({ code, detail }) => ({ field: `media/${index}`, code, detail: `${name}: ${detail}` })),
  );
}

/**
 * The conversion that a video or a GIF needs for a platform. Undefined if it needs none, and if no conversion helps. With
 * `against: 'refusals'`, only what the platform refuses counts; warnings may remain.
 */
export function mendOf(
  file: DraftMedia,
  limits: MediaLimits,
  against: 'all' | 'refusals' = 'all',
): Mend | undefined {
  const found = findIn('', file, limits).filter(({ isWarning }) => against === 'all' || !isWarning);
  if (found.some(({ mend, isWarning }) => !mend && !isWarning)) return undefined;
  return MENDS.findLast((mend) => found.some((each) => each.mend === mend));
}

/** Each one includes those before it. */
const MENDS: readonly Mend[] = ['container', 'sound', 'film', 'loop'];

/** True if `check` finds no violation in the file. */
export function isTaken(file: DraftMedia, limits: MediaLimits): boolean {
  return findIn('', file, limits).every(({ isWarning }) => isWarning);
}

function checkCount(name: string, media: DraftMedia[], limits: MediaLimits): Violation[] {
  if (media.length < limits.min) {
    const what = limits.video ? 'an image or a video' : 'an image';
    return [{ field: 'media', code: 'media_missing', detail: `${name} needs ${what} with every post.` }];
  }
  const kinds = [...new Set(media.map(({ kind }) => kind))];
  if (kinds.length > 1 && !limits.mixed) {
    const which = kinds.map((kind) => NOUNS[kind].many).join(' and ');
    const detail = `${name} does not take ${which} in one post. Take one kind off.`;
    return [{ field: 'media', code: 'media_mixed', detail }];
  }
  const ofAll = { count: media.length, max: limits.max, what: { one: 'file', many: 'files' } };
  const ofKinds = kinds.map((kind) => ({
    count: media.filter((file) => file.kind === kind).length,
    max: limits[kind]?.max ?? Infinity,
    what: NOUNS[kind],
  }));
  // Only one violation: the limit of the kind is more precise than that of all files.
  const broken = [...ofKinds, ofAll].find(({ count, max }) => count > max);
  if (!broken) return [];
  const { count, max, what } = broken;
  const detail = `SoloSpark posts at most ${max} ${max === 1 ? what.one : what.many} to ${name}; this post has ${count}.`;
  return [{ field: 'media', code: 'too_many_media', detail }];
}

function checkFile(file: DraftMedia, field: string, found: Finding[]): Violation[] {
  const against = found.filter(({ isWarning }) => !isWarning);
  return worthSaying(against, file).map(({ code, detail, mend }) => ({
    field,
    code,
    detail: mend ? `${detail} ${whatToDo(file)}` : detail,
  }));
}

function checkAltText(
  name: string,
  length: number,
  field: string,
  { maxAltTextLength: max }: MediaLimits,
): Violation[] {
  if (length <= max) return [];
  const detail = `${name} takes alt texts of up to ${max} characters; this one has ${length}.`;
  return [{ field: `${field}/altText`, code: 'alt_text_too_long', detail }];
}

/**
 * The findings that the author must act on. A wrong container is left out when the video is encoded again anyway. If one finding
 * cannot be fixed by conversion (such as a video that is too short), the convertible ones are left out too, unless the conversion
 * was tried and failed.
 */
function worthSaying(found: Finding[], { details }: DraftMedia): Finding[] {
  const isHopeless = found.some(({ mend }) => !mend);
  const isEncoded = found.some(({ mend }) => mend && mend !== 'container');
  return found.filter(({ mend }) => {
    if (!mend) return true;
    if (mend === 'container') return !isHopeless && !isEncoded;
    return !isHopeless || details?.notConverted !== undefined;
  });
}

const WHAT_TO_DO: Readonly<Record<NotConverted | 'unknown', string>> = {
  no_ffmpeg:
    'This server has no ffmpeg to convert it with: upload an MP4 with H.264 and AAC, or ask whoever runs the server to install ffmpeg, and upload it again.',
  time: 'Converting it takes longer than an upload may take: upload a shorter or smaller one, or an MP4 with H.264 and AAC.',
  size: 'Converted to the allowed size, it would look bad: upload a shorter one.',
  failed: 'It could not be converted, and may be damaged: export it anew as an MP4 with H.264 and AAC.',
  unfit: 'The converted file does not fit either: upload an MP4 with H.264 and AAC that fits.',
  unknown: 'Upload it again: it is converted then, if possible.',
};

function whatToDo({ details }: DraftMedia): string {
  return WHAT_TO_DO[details?.notConverted ?? 'unknown'];
}

function findIn(name: string, file: DraftMedia, limits: MediaLimits): Finding[] {
  const { one, many } = NOUNS[file.kind];
  const taken = limits[file.kind];
  if (!taken) {
    const detail = `SoloSpark posts no ${many} to ${name}. Take the ${one} off this post, or the channel.`;
    const canLoop = file.kind === 'gif' && limits.video;
    return [{ code: 'media_type_unsupported', detail, ...(canLoop && { mend: 'loop' as const }) }];
  }
  const takes = `${name} takes ${many}`;
  const movesTo = MOVES_TO[file.kind];
  if (!taken.mimeTypes.includes(file.mimeType)) {
    const { mimeType } = file.uploaded ?? file;
    const detail = `${name} takes ${taken.mimeTypes.join(', ')}; this is ${mimeType}.`;
    if (file.kind !== 'video' || !limits.video) return [{ code: 'media_type_unsupported', detail }];
    return [
      { code: 'media_type_unsupported', detail, mend: 'container' },
      ...findInVideo(takes, file, limits.video),
    ];
  }
  return [
    ...within(
      file.byteSize,
      { max: taken.maxBytes },
      'media_too_large',
      `${takes} of`,
      'bytes',
      movesTo,
      Math.max(file.byteSize, file.uploaded?.byteSize ?? 0),
    ),
    ...findInShape(takes, file, file.kind === 'document' ? {} : (limits[file.kind] ?? {}), movesTo),
    ...(file.kind === 'gif' && limits.gif ? findInGif(takes, file, limits.gif) : []),
    ...(file.kind === 'video' && limits.video ? findInVideo(takes, file, limits.video) : []),
    ...(file.kind === 'document' && limits.document ? findPages(takes, file, limits.document) : []),
  ];
}

/** The conversion that helps against too many bytes or pixels. Images were made smaller at the upload. */
const MOVES_TO: Readonly<Record<MediaKind, Mend | undefined>> = {
  image: undefined,
  gif: 'loop',
  video: 'film',
  document: undefined,
};

/** Allows for whole pixels: 1080 × 566 is meant to be 1.91:1 and is a little less. */
const RATIO_TOLERANCE = 0.01;

/** Uses the ratio of the uploaded file: a converted one is rounded to whole pixels, which may be very few. */
function findInShape(
  takes: string,
  file: DraftMedia,
  limits: ShapeLimits,
  mend: Mend | undefined,
): Finding[] {
  const { maxPixels = Infinity, minRatio = 0, maxRatio = Infinity, unclearRatio } = limits;
  const { width, height } = file.uploaded ?? file;
  const size = `this one is ${width} × ${height}`;
  const found: Finding[] = [];
  if (file.width * file.height > maxPixels) {
    const detail = `${takes} of up to ${maxPixels} pixels; ${size}.`;
    found.push({ code: 'media_too_many_pixels', detail, ...(mend && { mend }) });
  }
  const ratio = width / height;
  if (ratio < minRatio - RATIO_TOLERANCE || ratio > maxRatio + RATIO_TOLERANCE) {
    const range = rangeOf({ min: minRatio || undefined, max: maxRatio === Infinity ? undefined : maxRatio });
    const detail = `${takes} whose width is ${range} times their height; ${size}.`;
    found.push({ code: 'media_ratio_unsupported', detail });
  } else if (unclearRatio && ratio < unclearRatio.min - RATIO_TOLERANCE) {
    found.push({
      code: 'media_ratio_unclear',
      detail: `${unclearRatio.why} This one is ${width} × ${height}.`,
      isWarning: true,
    });
  }
  return found;
}

function findInGif(takes: string, file: DraftMedia, limits: GifLimits): Finding[] {
  const frames = file.details?.frameCount ?? 0;
  return [
    ...within(frames, { max: limits.maxFrames }, 'gif_too_many_frames', `${takes} of`, 'frames', 'loop'),
    ...findSides(takes, file, limits).map((found) => ({ ...found, mend: 'loop' as const })),
  ];
}

function findPages(takes: string, file: DraftMedia, limits: DocumentLimits): Finding[] {
  const range = { min: 1, max: limits.maxPages };
  return within(file.pageCount ?? 0, range, 'document_too_long', `${takes} of`, 'pages');
}

/** `atLeast`: the count stopped early at `length`, and the text may be longer. */
export function textTooLong(
  name: string,
  length: number,
  max: number,
  { atLeast = false }: { atLeast?: boolean } = {},
): Violation[] {
  if (length <= max) return [];
  const has = atLeast ? `more than ${max}` : String(length);
  return [
    {
      field: 'text',
      code: 'text_too_long',
      detail: `${name} allows ${max} characters, as it counts them; this text has ${has}.`,
    },
  ];
}

export function textMissing(name: string): Violation {
  return { field: 'text', code: 'text_missing', detail: `${name} needs a text.` };
}
