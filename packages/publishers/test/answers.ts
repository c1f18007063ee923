import type { HttpResponse } from '../src/http.ts';

/** An answer as http.ts would hand it on. */
export function answer(status: number, body?: unknown, headers: Record<string, string> = {}): HttpResponse {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const json = typeof body === 'string' ? undefined : body;
  return { status, headers: new Headers(headers), text, json };
}

export const NOW = new Date('2026-11-22T10:00:00Z');

export function jpegDraft(
  over: { byteSize?: number; width?: number; height?: number; mimeType?: string } = {},
) {
  return { mimeType: 'image/jpeg', byteSize: 1_000, width: 1_080, height: 1_080, altText: null, ...over };
}

export const jpegDrafts = (count: number) => Array.from({ length: count }, () => jpegDraft());
