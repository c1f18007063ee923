// What SoloSpark takes, and what it knows of a file afterwards. Pure: no library, no disk.

/** A GIF is of a kind of its own: it may move, so nothing is made of it but a thumbnail. */
export type MediaKind = 'image' | 'gif' | 'video' | 'document';

export interface FileFacts {
  mimeType: string;
  byteSize: number;
  /** In pixels, as it is shown: turned by what the camera wrote down. Of a document, its first page in points. */
  width: number;
  height: number;
}

export interface VideoFacts {
  durationMs: number;
  /** Frames per second, of the first hundred. */
  frameRate: number;
  videoCodec: string;
  /** Null: a silent film. */
  audioCodec: string | null;
  details: VideoDetails;
}

/** What platforms exclude some values of. Absent: the file does not say. */
export interface VideoDetails {
  profile?: string;
  chromaSubsampling?: string;
  bitDepth?: number;
  scan?: 'progressive' | 'interlaced';
  squarePixels?: boolean;
  /** Brighter than an ordinary screen: it looks pale wherever that is not understood. */
  hdr?: boolean;
  audioProfile?: string;
  audioChannels?: number;
  audioSampleRate?: number;
  /** Its table of contents lies in front, so that it can be played while it comes. */
  moovFirst?: boolean;
  /** It is a row of short films, each with a table of its own. */
  fragmented?: boolean;
  /** It says that a part of what it has is not to be shown, or later. */
  editList?: boolean;
}

/** By the type that the content has; what a file is called, and is announced as, says nothing. */
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

/** Taken where there is an ffmpeg, which makes an MP4 of them; and what ffmpeg calls their containers. */
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

/** Whatever it turns out to be: nothing longer than this is taken. */
export const MAX_UPLOAD_BYTES = Math.max(...Object.values(MAX_MEGABYTES)) * MB;

/** A camera of 64 megapixels, a little rounded up. A file of some kilobytes can claim a hundred times as many. */
export const MAX_PIXELS = 67_000_000;

/** Of all frames together, which are decoded one after another. */
export const MAX_GIF_PIXELS = 300_000_000;

/** Of a document, each of which is looked for. Three times what the platform with the most takes. */
export const MAX_PAGES = 1_000;
