import type { Gateway } from './gateway.ts';
import type { Results } from './results.ts';

export interface World {
  gateway: Gateway;
  results: Results;
  sandboxUrl: string;
  /** The posts that the oracle lists, newest first. */
  publicPosts: (platform: string, account: string) => Promise<{ id: string; text: string }[]>;
}

/** The first bytes of each, enough for a reader that detects the type by content. */
export const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from('a small picture')]);
export const mp4 = Buffer.concat([Buffer.from('\0\0\0\x18ftypisom', 'latin1'), Buffer.from('a small film')]);
export const gif = Buffer.from('R0lGODlhAQABAAAAACw=', 'base64');
