import type { TextPart } from '@solospark/foundation';

// What an author wants to post on one channel, as the rules of a platform see it.

export type MediaKind = 'image' | 'gif' | 'video' | 'document';

export interface DraftMedia {
  kind: MediaKind;
  mimeType: string;
  byteSize: number;
  width: number;
  height: number;
  /** These four of a video only. */
  durationMs: number | null;
  /** Frames per second. */
  frameRate: number | null;
  videoCodec: string | null;
  /** Null: without sound, or no video. */
  audioCodec: string | null;
  /** Of a document only. */
  pageCount: number | null;
  altText: string | null;
  /** What was read of it besides; where it is absent, an older version has read the file. */
  details?: MediaDetails;
  /** What its author uploaded, where this was made of it: what sentences speak of. */
  uploaded?: Pick<DraftMedia, 'mimeType' | 'byteSize' | 'width' | 'height'>;
}

/** Absent: the file does not say, or is of another kind. */
export interface MediaDetails {
  profile?: string;
  chromaSubsampling?: string;
  bitDepth?: number;
  scan?: 'progressive' | 'interlaced';
  squarePixels?: boolean;
  hdr?: boolean;
  audioProfile?: string;
  audioChannels?: number;
  audioSampleRate?: number;
  moovFirst?: boolean;
  fragmented?: boolean;
  editList?: boolean;
  /** Of a GIF: its pictures, and how long all of them take, once. */
  frameCount?: number;
  loopMs?: number;
  /** Why something that a platform needs was not made of it when it was uploaded. */
  notConverted?: NotConverted;
}

/** `unfit`: it was, and what was made of it does not do either. */
export type NotConverted = 'no_ffmpeg' | 'time' | 'size' | 'failed' | 'unfit';

/** By the platform's own schema. What is left out has its default. */
export type Settings = Record<string, unknown>;

export interface Draft {
  /** Empty, or something in it can be seen. */
  text: string;
  media: DraftMedia[];
  settings: Settings;
}

/** One broken rule. `field` is where in the draft: `text`, `media`, `media/0/…`, or `settings/…`. */
export interface Violation {
  field: string;
  code: string;
  detail: string;
  /** Of a text, where the rule is about a part of it and not about all of it. */
  at?: TextPart;
}
