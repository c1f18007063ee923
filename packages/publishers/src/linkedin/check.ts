import { hasVisibleText, parseUrl } from '@solospark/foundation';
import { checkMedia, textMissing, textTooLong } from '../draft-rules.ts';
import { UNCLEAR_TRAITS, type Limits } from '../limits.ts';
import type { Draft, Violation } from '../draft.ts';
import { settingsOf } from './settings.ts';

const NAME = 'LinkedIn';

export const limits: Limits = {
  maxTextLength: 3_000,
  media: {
    min: 0,
    max: 20,
    mixed: false,
    maxAltTextLength: 4_086,
    image: {
      max: 20,
      mimeTypes: ['image/jpeg', 'image/png'],
      // LinkedIn documents no limit in bytes; this one is ours.
      maxBytes: 20_000_000,
      maxPixels: 36_152_319,
      rendition: { maxWidth: 4_096, maxHeight: 4_096 },
    },
    // A GIF is uploaded as an image, and LinkedIn shows it moving.
    gif: {
      max: 1,
      mimeTypes: ['image/gif'],
      maxBytes: 20_000_000,
      maxPixels: 36_152_319,
      maxFrames: 250,
    },
    video: {
      max: 1,
      mimeTypes: ['video/mp4'],
      // "75 KB" and "500 MB" in the stricter reading.
      minBytes: 75 * 1_024,
      maxBytes: 500_000_000,
      minDurationMs: 3_000,
      maxDurationMs: 30 * 60_000,
      codecs: ['h264'],
      unclear: UNCLEAR_TRAITS,
    },
    document: { max: 1, mimeTypes: ['application/pdf'], maxBytes: 100_000_000, maxPages: 300 },
  },
};

export function checkDraft(draft: Draft): Violation[] {
  return [...checkText(draft.text), ...checkMedia(NAME, draft, limits.media), ...checkArticle(draft)];
}

function checkArticle(draft: Draft): Violation[] {
  const { media } = draft;
  const isThumbnail = media.length === 1 && media[0]?.kind === 'image';
  const { article } = settingsOf(draft);
  if (!article) return [];
  const found: Violation[] = [];
  if (!parseUrl(article.url)) {
    const detail = 'The address of a link card has to be a whole one, such as https://example.com/page.';
    found.push({ field: 'settings/article/url', code: 'article_url_invalid', detail });
  }
  if (!hasVisibleText(article.title)) {
    const detail = `${NAME} needs a headline on a link card.`;
    found.push({ field: 'settings/article/title', code: 'article_title_missing', detail });
  }
  if (media.length === 0 || isThumbnail) return found;
  const detail = `${NAME} shows a link card or files: beside a card a post may have one image, which becomes its picture. Take the files off, or the card.`;
  return [...found, { field: 'settings/article', code: 'article_with_media', detail }];
}

/** Counts the text without escapes: LinkedIn reads them as markup before it counts. */
function checkText(text: string): Violation[] {
  if (text === '') return [textMissing(NAME)];
  return textTooLong(NAME, text.length, limits.maxTextLength);
}
