import type { HttpResponse } from '../src/http.ts';
import type { Draft, DraftMedia } from '../src/draft.ts';

/** An answer in the form that http.ts returns. */
export function answer(status: number, body?: unknown, headers: Record<string, string> = {}): HttpResponse {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const json = typeof body === 'string' ? undefined : body;
  return { status, headers: new Headers(headers), text, json };
}

export const NOW = new Date('2026-11-22T10:00:00Z');

const NO_VIDEO = { durationMs: null, frameRate: null, videoCodec: null, audioCodec: null };

export function jpegDraft(over: Partial<DraftMedia> = {}): DraftMedia {
  return {
    kind: 'image',
    mimeType: 'image/jpeg',
    byteSize: 1_000,
    width: 1_080,
    height: 1_080,
    ...NO_VIDEO,
    pageCount: null,
    altText: null,
    ...over,
  };
}

/** A video of ten seconds that every platform with videos takes. */
export function videoDraft(over: Partial<DraftMedia> = {}): DraftMedia {
  return jpegDraft({
    kind: 'video',
    mimeType: 'video/mp4',
    byteSize: 2_000_000,
    width: 1_280,
    height: 720,
    durationMs: 10_000,
    frameRate: 30,
    videoCodec: 'h264',
    audioCodec: 'aac',
    ...over,
  });
}

/** A draft with these values and defaults for the rest. */
export function draftOf(over: Partial<Draft> = {}): Draft {
  return { text: '', media: [], settings: {}, ...over };
}

export const jpegDrafts = (count: number) => Array.from({ length: count }, () => jpegDraft());
