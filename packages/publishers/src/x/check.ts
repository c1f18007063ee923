import { characterAt, sayWhere } from '@solospark/foundation';
import twitterText from 'twitter-text';
import { checkMedia, textMissing, textTooLong } from '../draft-rules.ts';
import { withoutLongHosts } from '../find-links.ts';
import type { Limits } from '../limits.ts';
import type { Draft, Violation } from '../draft.ts';
import { normalizeText } from '../normalize.ts';

const NAME = 'X';

export const limits: Limits = {
  maxTextLength: 280,
  media: {
    min: 0,
    max: 4,
    mixed: false,
    maxAltTextLength: 1_000,
    image: {
      max: 4,
      mimeTypes: ['image/jpeg', 'image/png', 'image/webp'],
      maxBytes: 5_000_000,
      rendition: { maxWidth: 4_096, maxHeight: 4_096 },
    },
    // X gives the sides of landscape files. Portrait files have them the other way round: X recommends 720 × 1280 for phones.
    gif: {
      max: 1,
      mimeTypes: ['image/gif'],
      maxBytes: 15_000_000,
      maxLongSide: 1_280,
      maxShortSide: 1_080,
      maxFrames: 350,
    },
    video: {
      max: 1,
      mimeTypes: ['video/mp4', 'video/quicktime'],
      // The limits of accounts without Premium, which hold for every account.
      maxBytes: 8_000_000_000,
      minDurationMs: 500,
      maxDurationMs: 20 * 60_000,
      minWidth: 32,
      minHeight: 32,
      maxLongSide: 1_920,
      maxShortSide: 1_080,
      unclearSides: {
        long: 1_280,
        short: 1_024,
        why: 'The documents name 1280 × 1024 as the largest video, and say that accounts with Premium upload 1080p: of others it may be refused, or shown smaller',
      },
      minRatio: 1 / 3,
      maxRatio: 3,
      maxFrameRate: 60,
      codecs: ['h264'],
      audioCodecs: ['aac'],
      refuses: ['chroma', 'interlaced', 'pixels', 'channels', 'audioProfile'],
      unclear: ['bitDepth', 'sampleRate', 'fragmented'],
    },
  },
};

export function checkDraft(draft: Draft): Violation[] {
  return [...checkText(draft), ...checkMedia(NAME, draft, limits.media)];
}

function checkText({ text, media }: Draft): Violation[] {
  if (text === '') return media.length > 0 ? [] : [textMissing(NAME)];
  const { weight, counted } = weigh(text);
  const found = textTooLong(NAME, weight, limits.maxTextLength, { atLeast: !counted });
  if (!counted) return found;
  found.push(...refusedCharacters(text));
  const [, second] = twitterText.extractCashtagsWithIndices(text);
  if (second) {
    const [offset, end] = second.indices;
    const detail = `${NAME} allows one cashtag ($NAME) in a post; the second one is $${second.cashtag}.`;
    found.push({ field: 'text', code: 'too_many_cashtags', detail, at: { offset, length: end - offset } });
  }
  return found;
}

/** Every character that X refuses, at its first place. */
function refusedCharacters(text: string): Violation[] {
  if (!twitterText.hasInvalidCharacters(text)) return [];
  const refused = [...new Set(text)].filter((character) => twitterText.hasInvalidCharacters(character));
  return refused.map((character) => {
    const at = characterAt(text, text.indexOf(character));
    const detail = `${NAME} refuses a character in this text: ${sayWhere(at)}. Take it out.`;
    return { field: 'text', code: 'text_invalid_characters', detail, at };
  });
}

/** The longest link that twitter-text finds. It counts 23. */
const LONGEST_LINK = 4_096;
const LONGEST_WORD = LONGEST_LINK + limits.maxTextLength;

/**
 * The weight of the text, or that of its first words if they are above the limit already (`counted` is false). Only links and
 * emoji weigh less than their length, and no link contains a space. So a long text is weighed word by word until it is too long.
 */
function weigh(text: string): { weight: number; counted: boolean } {
  if (text.length <= LONGEST_WORD) return { weight: weightedLength(text), counted: true };
  let weight = 0;
  for (const [word] of text.matchAll(/\S+|\s+/g)) {
    weight += word.length > LONGEST_WORD ? Infinity : weightedLength(word);
    if (weight > limits.maxTextLength) return { weight, counted: false };
  }
  return { weight, counted: true };
}

/**
 * Counts as X does, after NFC: a link 23, an emoji 2, most letters outside Latin and related scripts 2. Only for texts of limited
 * length.
 */
export function weightedLength(text: string): number {
  return twitterText.parseTweet(withoutLongHosts(normalizeText(text))).weightedLength;
}
