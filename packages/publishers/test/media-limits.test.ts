import { describe, expect, it } from '@jest/globals';
import { fitsLimits } from '../src/limits.ts';
import { publishers } from '../src/registry.ts';
import { draftOf, jpegDraft, videoDraft } from './answers.ts';

describe.each(publishers.map((publisher) => [publisher.name, publisher] as const))(
  '%s',
  (name, publisher) => {
    const limits = publisher.limits.media.image;

    it('takes a rendition of the maximum size', () => {
      const { maxWidth: width, maxHeight: height } = limits.rendition;
      const rendition = jpegDraft({ byteSize: limits.maxBytes, width, height });
      expect(fitsLimits(rendition, limits)).toBe(true);
      // A ratio that every platform takes.
      expect(publisher.check(draftOf({ text: 'a', media: [{ ...rendition, height: width }] }))).toEqual([]);
    });
    it('refuses every image that `fitsLimits` refuses', () => {
      for (const file of [
        jpegDraft({ byteSize: limits.maxBytes + 1 }),
        jpegDraft({ mimeType: 'image/tiff' }),
        ...(limits.maxPixels === undefined ? [] : [jpegDraft({ width: limits.maxPixels + 1, height: 1 })]),
      ]) {
        expect(fitsLimits(file, limits)).toBe(false);
        expect(publisher.check(draftOf({ text: 'a', media: [file] }))).not.toEqual([]);
      }
    });
    it.each([
      ['a video', videoDraft()],
      ['a GIF', jpegDraft({ kind: 'gif', mimeType: 'image/gif', width: 480, height: 480 })],
      ['a document', jpegDraft({ kind: 'document', mimeType: 'application/pdf', pageCount: 3 })],
    ])('takes %s, or refuses it with one clear sentence', (_what, file) => {
      const found = publisher.check(draftOf({ text: 'a', media: [file] }));
      if (publisher.limits.media[file.kind]) expect(found).toEqual([]);
      else {
        const detail = expect.stringMatching(`^SoloSpark posts no .* to ${name}. Take `);
        expect(found).toEqual([{ field: 'media/0', code: 'media_type_unsupported', detail }]);
      }
    });
  },
);
