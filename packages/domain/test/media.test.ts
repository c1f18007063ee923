import { describe, expect, it } from '@jest/globals';
import type { ImageLimits, MediaLimits } from '@solospark/publishers';
import { fileFor, renditionsFor, THUMBNAIL, type Media, type Rendition } from '../src/media/media.ts';

const limits = (over: Partial<ImageLimits> = {}): ImageLimits => ({
  max: 4,
  mimeTypes: ['image/jpeg'],
  maxBytes: 1_000_000,
  rendition: { maxWidth: 2_000, maxHeight: 2_000 },
  ...over,
});
const mediaLimits = (over: Partial<MediaLimits> = {}): MediaLimits => ({
  min: 0,
  max: 4,
  mixed: false,
  maxAltTextLength: 1_000,
  image: limits(),
  ...over,
});
const media = (over: Partial<Media> = {}): Media => ({
  id: 'a',
  kind: 'image',
  mimeType: 'image/jpeg',
  byteSize: 500_000,
  width: 1_000,
  height: 1_000,
  durationMs: null,
  frameRate: null,
  videoCodec: null,
  audioCodec: null,
  pageCount: null,
  altText: null,
  sha256: null,
  renditions: [],
  details: null,
  ...over,
});
const rendition = (name: string, byteSize: number): Rendition => ({
  name,
  mimeType: 'image/jpeg',
  byteSize,
  width: 900,
  height: 900,
});

describe('the renditions of an image', () => {
  it('are none for platforms that take the original', () => {
    expect(renditionsFor(media(), [limits(), limits({ maxBytes: 500_000 })]).size).toBe(0);
  });
  it('are made where the type, the size or the pixels do not fit', () => {
    for (const over of [{ mimeType: 'image/png' }, { byteSize: 1_000_001 }, { width: 2_000 }]) {
      expect(renditionsFor(media(over), [limits({ maxPixels: 1_500_000 })]).size).toBe(1);
    }
  });
  it('are shared by platforms with the same limits', () => {
    const wanted = renditionsFor(media({ mimeType: 'image/png' }), [
      limits(),
      limits(),
      limits({ maxBytes: 5_000 }),
    ]);
    expect([...wanted.keys()]).toEqual(['jpeg-2000x2000-1000000', 'jpeg-2000x2000-5000']);
  });
});

describe('the file that a platform is given', () => {
  const thumbnail = rendition(THUMBNAIL, 10);
  it('is the original where it fits', () => {
    expect(fileFor(media({ renditions: [rendition('small', 400)] }), mediaLimits())).toMatchObject({
      byteSize: 500_000,
    });
  });
  it('is the largest rendition that fits where the original does not', () => {
    const renditions = [
      thumbnail,
      rendition('small', 400),
      rendition('good', 900_000),
      rendition('huge', 2_000_000),
    ];
    expect(fileFor(media({ mimeType: 'image/png', renditions }), mediaLimits()).rendition).toBe('good');
  });
  it('is never the thumbnail: where nothing fits it is the original, which the check refuses', () => {
    const file = fileFor(media({ mimeType: 'image/png', renditions: [thumbnail] }), mediaLimits());
    expect(file).toMatchObject({ mimeType: 'image/png', byteSize: 500_000, width: 1_000, height: 1_000 });
    expect(file.rendition).toBeUndefined();
  });
  it('is the original of a video, also where there are image renditions', () => {
    const video = media({ kind: 'video', mimeType: 'video/mp4', renditions: [rendition('still', 400)] });
    expect(fileFor(video, mediaLimits())).toMatchObject({ kind: 'video', mimeType: 'video/mp4' });
  });
});
