import type { TextPart } from '@solospark/foundation';

// The content of a post on one channel, as the rules of a platform check it.

export type MediaKind = 'image' | 'gif' | 'video' | 'document';

export interface DraftMedia {
  kind: MediaKind;
  mimeType: string;
  byteSize: number;
  width: number;
  height: number;
  /** This and the next three fields are set for videos only. */
  durationMs: number | null;
  /** Frames per second. */
  frameRate: number | null;
  videoCodec: string | null;
  /** Null: no sound, or not a video. */
  audioCodec: string | null;
  /** Set for documents only. */
  pageCount: number | null;
  altText: string | null;
  /** More facts from the file. Absent if an older version read it. */
  details?: MediaDetails;
  /** The file that the author uploaded, if this one was converted from it. Sentences for the author name its values. */
  uploaded?: Pick<DraftMedia, 'mimeType' | 'byteSize' | 'width' | 'height'>;
}

/** A field is absent if the file does not say, or is of another kind. */
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
  /** Of a GIF: the number of frames, and the duration of one loop. */
  frameCount?: number;
  loopMs?: number;
  /** Why the upload did not make the conversion that a platform needs. */
  notConverted?: NotConverted;
}

/** `unfit`: it was converted, and the result does not fit either. */
export type NotConverted = 'no_ffmpeg' | 'time' | 'size' | 'failed' | 'unfit';

/** Values of the platform's settings schema. A missing one has its default. */
export type Settings = Record<string, unknown>;

export interface Draft {
  /** Empty, or has at least one visible character. */
  text: string;
  media: DraftMedia[];
  settings: Settings;
}

/** One broken rule. `field` is the place in the draft: `text`, `media`, `media/0/…` or `settings/…`. */
export interface Violation {
  field: string;
  code: string;
  detail: string;
  /** The part of the text that breaks the rule, if it is not the whole text. */
  at?: TextPart;
}
