import type { default as Sharp, SharpOptions } from 'sharp';
import { MAX_PIXELS } from './media-file.ts';
import { damaged, tooManyPixels } from './refusals.ts';

let loaded: Promise<typeof Sharp> | undefined;

/** Loads sharp with the first image: a process without images saves 20 MB. */
export function loadSharp(): Promise<typeof Sharp> {
  return (loaded ??= import('sharp').then(({ default: sharp }) => {
    // Every file is read once, under its own name, so a cache has no use.
    sharp.cache(false);
    return sharp;
  }));
}

/** Refuses truncated files, and files that claim more pixels than memory holds. */
export const READING = { limitInputPixels: MAX_PIXELS, failOn: 'error' } as const satisfies SharpOptions;

/** Runs only decoding and encoding, and turns an error of the library into a MediaFileError. */
export async function decoding<T>(mimeType: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Only the library's errors have no code; ours and the disk's have one.
    if (!(error instanceof Error) || 'code' in error) throw error;
    if (!/pixel limit/i.test(error.message)) throw damaged(mimeType, error);
    throw tooManyPixels(mimeType === 'image/gif' ? 'gif' : 'image');
  }
}
