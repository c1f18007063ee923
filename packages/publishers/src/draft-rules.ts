import type { DocumentLimits, Limits, MediaLimits, ShapeLimits, VideoLimits } from './limits.ts';
import type { Draft, DraftMedia, MediaKind, Violation } from './publisher.ts';

// Rules that differ between platforms in their numbers only. `name` stands in the sentences.

const NOUNS: Record<MediaKind, { one: string; many: string }> = {
  image: { one: 'image', many: 'images' },
  gif: { one: 'GIF', many: 'GIFs' },
  video: { one: 'video', many: 'videos' },
  document: { one: 'document', many: 'documents' },
};

export function checkMedia(name: string, draft: Draft, limits: Limits['media']): Violation[] {
  return [
    ...checkCount(name, draft.media, limits),
    ...draft.media.flatMap((file, index) => checkFile(name, file, `media/${index}`, limits)),
  ];
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
  // One sentence: where there is one kind only, it says more than the sum does.
  const broken = [...ofKinds, ofAll].find(({ count, max }) => count > max);
  if (!broken) return [];
  const { count, max, what } = broken;
  const detail = `SoloSpark posts at most ${max} ${max === 1 ? what.one : what.many} to ${name}; this post has ${count}.`;
  return [{ field: 'media', code: 'too_many_media', detail }];
}

type Broken = Omit<Violation, 'field'>;

function checkFile(name: string, file: DraftMedia, field: string, limits: MediaLimits): Violation[] {
  const found = checkBytes(name, file, limits).map((broken) => ({ field, ...broken }));
  if ((file.altText ?? '').length > limits.maxAltTextLength) {
    found.push({
      field: `${field}/altText`,
      code: 'alt_text_too_long',
      detail: `${name} takes alt texts of up to ${limits.maxAltTextLength} characters.`,
    });
  }
  return found;
}

function checkBytes(name: string, file: DraftMedia, limits: MediaLimits): Broken[] {
  const { one, many } = NOUNS[file.kind];
  const taken = limits[file.kind];
  if (!taken) {
    const detail = `SoloSpark posts no ${many} to ${name}. Take the ${one} off this post, or the channel.`;
    return [{ code: 'media_type_unsupported', detail }];
  }
  if (!taken.mimeTypes.includes(file.mimeType)) {
    const detail = `${name} takes ${taken.mimeTypes.join(', ')}; this is ${file.mimeType}.`;
    return [{ code: 'media_type_unsupported', detail }];
  }
  const takes = `${name} takes ${many}`;
  return [
    ...within(file.byteSize, { max: taken.maxBytes }, 'media_too_large', `${takes} of`, 'bytes'),
    ...checkShape(takes, file, file.kind === 'document' ? {} : (limits[file.kind] ?? {})),
    ...(file.kind === 'video' && limits.video ? checkVideo(takes, file, limits.video) : []),
    ...(file.kind === 'document' && limits.document ? checkPages(takes, file, limits.document) : []),
  ];
}

/** Of whole pixels: 1080 × 566 is meant to be 1.91:1, and is a little less. */
const RATIO_TOLERANCE = 0.01;

function checkShape(takes: string, { width, height }: DraftMedia, limits: ShapeLimits): Broken[] {
  const { maxPixels = Infinity, minRatio = 0, maxRatio = Infinity } = limits;
  const size = `this one is ${width} × ${height}`;
  const found: Broken[] = [];
  if (width * height > maxPixels) {
    found.push({ code: 'media_too_many_pixels', detail: `${takes} of up to ${maxPixels} pixels; ${size}.` });
  }
  const ratio = width / height;
  if (ratio < minRatio - RATIO_TOLERANCE || ratio > maxRatio + RATIO_TOLERANCE) {
    const range = rangeOf({ min: minRatio || undefined, max: maxRatio === Infinity ? undefined : maxRatio });
    const detail = `${takes} whose width is ${range} times their height; ${size}.`;
    found.push({ code: 'media_ratio_unsupported', detail });
  }
  return found;
}

function checkVideo(takes: string, file: DraftMedia, limits: VideoLimits): Broken[] {
  const { codecs } = limits;
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);
  const duration = { min: seconds(limits.minDurationMs), max: seconds(limits.maxDurationMs) };
  const rate = { min: limits.minFrameRate, max: limits.maxFrameRate };
  const found = [
    ...within(file.byteSize, { min: limits.minBytes }, 'media_too_small', `${takes} of`, 'bytes'),
    ...within((file.durationMs ?? 0) / 1_000, duration, 'video_duration', `${takes} of`, 'seconds'),
    ...within(file.frameRate ?? 0, rate, 'video_frame_rate', `${takes} of`, 'frames per second'),
    ...within(
      file.width,
      { min: limits.minWidth, max: limits.maxWidth },
      'video_width',
      `${takes} of`,
      'pixels in width',
    ),
    ...within(
      file.height,
      { min: limits.minHeight, max: limits.maxHeight },
      'video_height',
      `${takes} of`,
      'pixels in height',
    ),
  ];
  if (!codecs.includes(file.videoCodec ?? '')) {
    const detail = `${takes} in ${codecs.join(' or ')}; this one is in ${file.videoCodec ?? 'something unknown'}.`;
    found.push({ code: 'video_codec_unsupported', detail });
  }
  return found;
}

function checkPages(takes: string, file: DraftMedia, limits: DocumentLimits): Broken[] {
  return within(
    file.pageCount ?? 0,
    { min: 1, max: limits.maxPages },
    'document_too_long',
    `${takes} of`,
    'pages',
  );
}

interface Range {
  min?: number | undefined;
  max?: number | undefined;
}

function within(value: number, range: Range, code: string, takes: string, unit: string): Broken[] {
  if (value >= (range.min ?? -Infinity) && value <= (range.max ?? Infinity)) return [];
  return [{ code, detail: `${takes} ${rangeOf(range)} ${unit}; this one has ${value}.` }];
}

function rangeOf({ min, max }: Range): string {
  if (min === undefined) return `up to ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}

/** `length` may be where the counting stopped: then `atLeast` is set, and the text has that many or more. */
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
