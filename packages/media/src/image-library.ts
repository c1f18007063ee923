import type { default as Sharp, SharpOptions } from 'sharp';
import { MAX_PIXELS } from './media-file.ts';
import { damaged, tooManyPixels } from './refusals.ts';

let loaded: Promise<typeof Sharp> | undefined;

/** Loaded by the first image: a worker, which handles none, is 20 MB smaller without it. */
export function loadSharp(): Promise<typeof Sharp> {
  return (loaded ??= import('sharp').then(({ default: sharp }) => {
    // Every file is looked at once, and under a name of its own.
    sharp.cache(false);
    return sharp;
  }));
}

/** A file that is cut off is refused, and one that claims more pixels than memory holds is not decoded. */
export const READING = { limitInputPixels: MAX_PIXELS, failOn: 'error' } as const satisfies SharpOptions;

/** Runs what only decodes and encodes: whatever the library throws there is about the file. */
export async function decoding<T>(mimeType: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Ours have a code, and so have the disk's.
    if (!(error instanceof Error) || 'code' in error) throw error;
    if (!/pixel limit/i.test(error.message)) throw damaged(mimeType, error);
    throw tooManyPixels(mimeType === 'image/gif' ? 'gif' : 'image');
  }
}
