// The file types that SoloSpark takes, and the facts that it keeps about a file. Pure: no library, no disk.

/** A GIF is a kind of its own, because it may be animated: unlike an image, it is not encoded again. */
export type MediaKind = 'image' | 'gif' | 'video' | 'document';

export interface FileFacts {
  mimeType: string;
  byteSize: number;
  /** As it is shown, after rotation. In pixels; of a document, the first page in points. */
  width: number;
  height: number;
}

export interface VideoFacts {
  durationMs: number;
  /** Frames per second, measured over the first hundred frames. */
  frameRate: number;
  videoCodec: string;
  /** Null: a silent film. */
  audioCodec: string | null;
  details: VideoDetails;
}

/** Facts for which platforms refuse some values. Absent: the file does not say. */
export interface VideoDetails {
  profile?: string;
  chromaSubsampling?: string;
  bitDepth?: number;
  scan?: 'progressive' | 'interlaced';
  squarePixels?: boolean;
  /** High dynamic range: it looks pale on a platform that does not support it. */
  hdr?: boolean;
  audioProfile?: string;
  audioChannels?: number;
  audioSampleRate?: number;
  /** The `moov` box is in front of the data, so that playback can begin during the download. */
  moovFirst?: boolean;
  /** A fragmented MP4: each fragment has its own table. */
  fragmented?: boolean;
  /** An edit list hides a part of a track, or delays it. */
  editList?: boolean;
}

/** By the type that is detected from the content. File name and declared type are ignored. */
export const KINDS: Readonly<Record<string, MediaKind>> = {
  'image/jpeg': 'image',
  'image/png': 'image',
  'image/webp': 'image',
  'image/heic': 'image',
  'image/heif': 'image',
  'image/heic-sequence': 'image',
  'image/heif-sequence': 'image',
  'image/avif': 'image',
  'image/gif': 'gif',
  'video/mp4': 'video',
  'video/x-m4v': 'video',
  'video/quicktime': 'video',
  'video/3gpp': 'video',
  'video/3gpp2': 'video',
  'application/pdf': 'document',
};

export const TAKEN_TYPES = 'a JPEG, PNG, WebP, HEIC, AVIF or GIF image, an MP4, M4V or MOV video, or a PDF';

/** Types that are taken only with an ffmpeg, which converts them to MP4, with ffmpeg's names of their formats. */
export const CONVERTIBLE: Readonly<Record<string, string>> = {
  'video/webm': 'matroska',
  'video/matroska': 'matroska',
  'video/x-matroska': 'matroska',
  'video/vnd.avi': 'avi',
  'video/MP1S': 'mpeg',
  'video/MP2P': 'mpeg',
  'video/mp2t': 'mpegts',
  'video/mpeg': 'mpeg',
  'image/apng': 'apng',
};

const MB = 1_000_000;

export const MAX_MEGABYTES: Readonly<Record<MediaKind, number>> = {
  image: 50,
  gif: 50,
  video: 512,
  document: 100,
};

export const maxBytesOf = (kind: MediaKind): number => MAX_MEGABYTES[kind] * MB;

/** The limit of an upload before its type is known. */
export const MAX_UPLOAD_BYTES = Math.max(...Object.values(MAX_MEGABYTES)) * MB;

/** A camera of 64 megapixels, rounded up. A file of some kilobytes can claim a hundred times as many. */
export const MAX_PIXELS = 67_000_000;

/** Of all frames together. */
export const MAX_GIF_PIXELS = 300_000_000;

/** Of a document. Every page is checked. Three times the highest limit of a platform. */
export const MAX_PAGES = 1_000;
