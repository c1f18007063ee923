import { describe, expect, it } from '@jest/globals';
import { fitsLimits } from '../src/fits-limits.ts';
import { publishers } from '../src/registry.ts';
import { jpegDraft } from './answers.ts';

describe.each(publishers.map((publisher) => [publisher.name, publisher] as const))(
  '%s',
  (name, publisher) => {
    const limits = publisher.limits.media;

    it('takes the rendition that it asks for', () => {
      const { maxWidth: width, maxHeight: height } = limits.rendition;
      const rendition = jpegDraft({ byteSize: limits.maxBytes, width, height });
      expect(fitsLimits(rendition, limits)).toBe(true);
      // In a shape that every platform takes.
      expect(publisher.check({ text: 'a', media: [{ ...rendition, height: width }] })).toEqual([]);
    });
    it('finds the same wrong with a file as the rule that decides about renditions', () => {
      for (const file of [
        jpegDraft({ byteSize: limits.maxBytes + 1 }),
        jpegDraft({ mimeType: 'image/tiff' }),
        ...(limits.maxPixels === undefined ? [] : [jpegDraft({ width: limits.maxPixels + 1, height: 1 })]),
      ]) {
        expect(fitsLimits(file, limits)).toBe(false);
        expect(publisher.check({ text: 'a', media: [file] })).not.toEqual([]);
      }
    });
    it('refuses a video with one sentence that says so', () => {
      const film = jpegDraft({ mimeType: 'video/mp4', byteSize: 300_000_000 });
      expect(publisher.check({ text: 'a', media: [film] })).toEqual([
        {
          field: 'media/0',
          code: 'media_type_unsupported',
          detail: expect.stringContaining(`does not post videos to ${name} yet`),
        },
      ]);
    });
  },
);
