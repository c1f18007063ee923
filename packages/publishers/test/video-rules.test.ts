import { describe, expect, it } from '@jest/globals';
import { isTaken, mendOf } from '../src/draft-rules.ts';
import { publishers } from '../src/registry.ts';
import type { DraftMedia } from '../src/draft.ts';
import { draftOf, jpegDraft, videoDraft } from './answers.ts';

// What each platform says about the encoding of a video, and the conversion that follows: one row per trait.

/** A normal video of a camera or an encoder, with all details known. */
const film = (details: DraftMedia['details'] = {}, over: Partial<DraftMedia> = {}) =>
  videoDraft({
    details: {
      chromaSubsampling: '4:2:0',
      bitDepth: 8,
      scan: 'progressive',
      squarePixels: true,
      audioProfile: 'LC',
      audioChannels: 2,
      audioSampleRate: 48_000,
      moovFirst: true,
      fragmented: false,
      editList: false,
      ...details,
    },
    ...over,
  });
const phone = film({ moovFirst: false }, { mimeType: 'video/quicktime' });
const publisherOf = (id: string) => {
  const publisher = publishers.find((each) => each.id === id);
  if (!publisher) throw new Error(`no ${id}`);
  return publisher;
};
/** `-`: taken as it is; `!`: refused; `?`: allowed with a warning; then the conversion that helps. */
const fateOn = (id: string, file: DraftMedia) => {
  const publisher = publisherOf(id);
  const draft = draftOf({ text: id === 'instagram' ? '' : 'a', media: [file] });
  const [refused, warned] = [publisher.check(draft), publisher.warn(draft)];
  const mark = refused.length > 0 ? '!' : warned.length > 0 ? '?' : '-';
  return `${mark}${mendOf(file, publisher.limits.media) ?? ''}`;
};

const ORDER = ['x', 'instagram', 'linkedin', 'bluesky', 'mastodon'];

describe('a video with', () => {
  it.each([
    ['the encoding that all platforms want', film(), '- - - - -'],
    ['4:4:4', film({ chromaSubsampling: '4:4:4' }), '!film !film ?film ?film -'],
    ['4:2:2', film({ chromaSubsampling: '4:2:2' }), '!film !film ?film ?film -'],
    ['H.264 of 10 bits', film({ bitDepth: 10 }), '?film ?film ?film ?film -'],
    ['HEVC of 10 bits', film({ bitDepth: 10 }, { videoCodec: 'hevc' }), '!film - !film !film -'],
    ['interlaced frames', film({ scan: 'interlaced' }), '!film !film ?film ?film -'],
    ['pixels that are not square', film({ squarePixels: false }), '!film ?film - - -'],
    ['5.1 sound', film({ audioChannels: 6 }), '!sound !sound ?sound ?sound -'],
    ['sound of 96 kHz', film({ audioSampleRate: 96_000 }), '?sound !sound ?sound ?sound -'],
    ['HE-AAC', film({ audioProfile: 'HE' }), '!sound - ?sound ?sound -'],
    ['fragments', film({ fragmented: true }), '?container !container ?container ?container -'],
    ['its moov at the end', film({ moovFirst: false }), '- !container - - -'],
    ['an edit list', film({ editList: true }), '- !container - - -'],
    ['a telephone’s MOV around H.264', phone, '- !container !container !container -'],
    ['a telephone’s MOV around HEVC', { ...phone, videoCodec: 'hevc' }, '!film !container !film !film -'],
    ['4K', film({}, { width: 3_840, height: 2_160 }), '!film !film - - -'],
    ['1920 × 1080', film({}, { width: 1_920, height: 1_080 }), '? - - - -'],
    ['1080 × 1920', film({}, { width: 1_080, height: 1_920 }), '? - - - -'],
    ['40 Mbit/s', film({}, { byteSize: 50_000_000 }), '- !film - - -'],
    ['100 frames per second', film({}, { frameRate: 100 }), '!film !film - - -'],
    // No conversion makes it shorter.
    ['an hour', film({ chromaSubsampling: '4:4:4' }, { durationMs: 3_600_000 }), '! ! ! ! -'],
    ['no details, read by an older version', videoDraft(), '- - - - -'],
  ])('%s', (_what, file, expected) => {
    expect(ORDER.map((id) => fateOn(id, file)).join(' ')).toBe(expected);
  });
});

describe('a sentence about a file', () => {
  const sentence = (id: string, file: DraftMedia) =>
    publisherOf(id).check(draftOf({ text: id === 'instagram' ? '' : 'a', media: [file] }))[0]?.detail;

  it('says what the author can do if ffmpeg is missing or failed', () => {
    const hevc = (notConverted: 'no_ffmpeg' | 'time' | 'size' | 'failed') =>
      sentence('linkedin', film({ notConverted }, { videoCodec: 'hevc' }));
    expect(hevc('no_ffmpeg')).toMatch(
      /in h264; this one is in hevc\. This server has no ffmpeg.*upload an MP4/,
    );
    expect(hevc('time')).toMatch(/longer than an upload may.*shorter/);
    expect(hevc('size')).toMatch(/shorter/);
    expect(hevc('failed')).toMatch(/export it anew/);
  });
  it.each([
    [
      'the length only, not the container',
      'instagram',
      film({ moovFirst: false, editList: true }, { durationMs: 300 }),
      1,
      /3 to 900 seconds; this one has 0\.3\.$/,
    ],
    [
      'the length only, not the encoding',
      'instagram',
      film({ chromaSubsampling: '4:4:4' }, { durationMs: 300 }),
      1,
      /this one has 0\.3\.$/,
    ],
    [
      'also the encoding, if there is no ffmpeg',
      'instagram',
      film({ chromaSubsampling: '4:4:4', notConverted: 'no_ffmpeg' }, { durationMs: 300, byteSize: 90_000 }),
      2,
      /this one has 0\.3\.$/,
    ],
    [
      'the encoding only, not the container',
      'instagram',
      film({ chromaSubsampling: '4:4:4', moovFirst: false, notConverted: 'no_ffmpeg' }),
      1,
      /this one is 4:4:4\. This server has no ffmpeg/,
    ],
    [
      'that the converted file does not fit either',
      'bluesky',
      film({ notConverted: 'unfit' }, { videoCodec: 'hevc' }),
      1,
      /this one is in hevc\. The converted file does not fit either/,
    ],
    [
      'a third, written as 0.333',
      'x',
      film({}, { width: 1_600, height: 160 }),
      1,
      /whose width is 0\.333 to 3 times their height; this one is 1600 × 160\.$/,
    ],
  ])('is about what the author must act on: %s', (_what, id, file, count, first) => {
    const found = publisherOf(id).check(draftOf({ text: id === 'instagram' ? '' : 'a', media: [file] }));
    expect(found[0]?.detail).toMatch(first);
    expect(found.length).toBe(count);
  });
  it('names the values of the uploaded file, not of the converted one', () => {
    const uploaded = { mimeType: 'image/png', byteSize: 300, width: 20_000, height: 3 };
    expect(sentence('instagram', jpegDraft({ width: 1_440, height: 1, uploaded }))).toBe(
      'Instagram takes images whose width is 0.75 to 1.91 times their height; this one is 20000 × 3.',
    );
    const made = film({}, { width: 1_920, height: 1_080 });
    const of4k = { ...made, uploaded: { ...made, width: 3_840, height: 2_160 } };
    expect(publisherOf('x').warn(draftOf({ text: 'a', media: [of4k] }))).toMatchObject([
      { field: 'media/0', detail: expect.stringContaining('3840 × 2160, and is sent as 1920 × 1080') },
    ]);
  });
  it('is a warning for an image of 3:4, and none for a story', () => {
    const draft = draftOf({ media: [jpegDraft({ width: 3_024, height: 4_032 })] });
    expect(publisherOf('instagram').check(draft)).toEqual([]);
    expect(publisherOf('instagram').warn(draft)).toMatchObject([
      { code: 'media_ratio_unclear', detail: expect.stringContaining('3024 × 4032') },
    ]);
    expect(publisherOf('instagram').warn({ ...draft, settings: { kind: 'story' } })).toEqual([]);
  });
});

it('mendOf against refusals ignores warnings: a new container instead of a new encoding', () => {
  const { limits } = publisherOf('linkedin');
  const file = { ...phone, details: { ...phone.details, chromaSubsampling: '4:4:4' } };
  expect([mendOf(file, limits.media), mendOf(file, limits.media, 'refusals')]).toEqual(['film', 'container']);
});

it('a GIF is converted to a video if the platform takes no GIF or it is too large', () => {
  const gif = (over: Partial<DraftMedia> = {}) =>
    jpegDraft({
      kind: 'gif',
      mimeType: 'image/gif',
      width: 480,
      height: 480,
      details: { frameCount: 20 },
      ...over,
    });
  const mends = (file: DraftMedia) =>
    ORDER.map((id) => mendOf(file, publisherOf(id).limits.media) ?? '-').join(' ');
  expect(mends(gif())).toBe('- loop - loop -');
  expect(mends(gif({ details: { frameCount: 251 } }))).toBe('- loop loop loop -');
  expect(mends(gif({ width: 1_281 }))).toBe('loop loop - loop -');
  expect(isTaken(gif(), publisherOf('bluesky').limits.media)).toBe(false);
});
