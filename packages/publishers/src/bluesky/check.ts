import { parseUrl } from '@solospark/foundation';
import { checkMedia, textMissing, textTooLong } from '../draft-rules.ts';
import { countGraphemes } from '../graphemes.ts';
import { UNCLEAR_TRAITS, type Limits } from '../limits.ts';
import type { Draft, DraftMedia, Violation } from '../draft.ts';
import { richTextOf } from './rich-text.ts';
import { settingsOf, type LinkCard } from './settings.ts';

const NAME = 'Bluesky';
const MAX_BYTES = 3_000;
const MAX_VIDEO_ALT_GRAPHEMES = 1_000;

export const limits: Limits = {
  maxTextLength: 300,
  media: {
    min: 0,
    max: 4,
    mixed: false,
    // Bluesky documents no limit for an image; this one is ours.
    maxAltTextLength: 2_000,
    image: {
      max: 4,
      mimeTypes: ['image/jpeg', 'image/png', 'image/webp'],
      // The current lexicon allows 2,000,000 bytes; older servers refuse more than this.
      maxBytes: 1_000_000,
      // The size that Bluesky's own app makes.
      rendition: { maxWidth: 2_000, maxHeight: 2_000 },
    },
    video: {
      max: 1,
      mimeTypes: ['video/mp4'],
      // The current lexicon allows six times as much; the older lexicon and Bluesky's own servers allow about this.
      maxBytes: 50_000_000,
      maxDurationMs: 180_000,
      codecs: ['h264'],
      unclear: UNCLEAR_TRAITS,
    },
  },
};

export function checkDraft(draft: Draft): Violation[] {
  const { languages, linkCard } = settingsOf(draft);
  return [
    ...checkText(draft, linkCard),
    ...checkMedia(NAME, draft, limits.media),
    ...draft.media.flatMap(checkVideoAlt),
    ...languages.flatMap(checkLanguage),
    ...(linkCard ? checkCard(linkCard, draft.media) : []),
  ];
}

function checkText({ text, media }: Draft, linkCard: LinkCard | undefined): Violation[] {
  if (text === '') return media.length > 0 || linkCard ? [] : [textMissing(NAME)];
  const { text: shown } = richTextOf(text, NOBODY);
  // Every text that fits has at most MAX_BYTES code units, so the rest need not be counted.
  const counted = shown.slice(0, MAX_BYTES);
  const atLeast = counted.length < shown.length;
  return [
    ...textTooLong(NAME, countGraphemes(counted), limits.maxTextLength, { atLeast }),
    ...checkBytes(shown),
  ];
}

/** The accounts behind mentions do not change the text that is shown. */
const NOBODY: ReadonlyMap<string, string> = new Map();

/** 300 emoji that each consist of several code points can need more bytes than Bluesky allows. */
function checkBytes(text: string): Violation[] {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_BYTES) return [];
  return [
    {
      field: 'text',
      code: 'text_too_many_bytes',
      detail: `${NAME} allows ${MAX_BYTES} bytes; this text has ${bytes}. Emoji made of several take the most.`,
    },
  ];
}

/** Bluesky also limits it to 10,000 bytes, but a text within the common limit is always shorter. */
function checkVideoAlt({ kind, altText }: DraftMedia, index: number): Violation[] {
  const alt = altText ?? '';
  if (kind !== 'video' || alt.length > limits.media.maxAltTextLength) return [];
  const graphemes = countGraphemes(alt);
  if (graphemes <= MAX_VIDEO_ALT_GRAPHEMES) return [];
  return [
    {
      field: `media/${index}/altText`,
      code: 'alt_text_too_long',
      detail: `${NAME} takes alt texts of up to ${MAX_VIDEO_ALT_GRAPHEMES} characters for a video; this one has ${graphemes}.`,
    },
  ];
}

function checkLanguage(tag: string, index: number): Violation[] {
  if (isLanguageTag(tag)) return [];
  return [
    {
      field: `settings/languages/${index}`,
      code: 'language_invalid',
      detail: `${NAME} takes languages as BCP 47 has them, such as en or pt-BR; "${tag}" is none.`,
    },
  ];
}

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

function checkCard({ url }: LinkCard, media: DraftMedia[]): Violation[] {
  const found: Violation[] = [];
  if (!isWebAddress(url)) {
    const detail = `The address of a link card begins with http:// or https://, and has no space in it.`;
    found.push({ field: 'settings/linkCard/url', code: 'link_card_url_invalid', detail });
  }
  if (media.length > 1 || media.some(({ kind }) => kind !== 'image')) {
    const detail = `${NAME} shows a link card or files, not both: beside a card a post may have one image, which becomes the picture of the card.`;
    found.push({ field: 'settings/linkCard', code: 'link_card_with_media', detail });
  }
  return found;
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\/[^\s/]\S*$/i.test(url) && parseUrl(url) !== null;
}
