import type { Static } from 'typebox';
import { checkMedia, textTooLong, warnAboutMedia } from '../draft-rules.ts';
import type { Draft, Violation } from '../draft.ts';
import { readSettings } from '../settings.ts';
import { checkStory } from './check-story.ts';
import { limits, storyLimits } from './limits.ts';
import { settings } from './settings.ts';

const NAME = 'Instagram';
const MAX_HASHTAGS = 30;
const MAX_MENTIONS = 20;
/** The longest hashtag or mention that a sentence quotes. */
const LONGEST_SHOWN = 60;

export function checkDraft(draft: Draft): Violation[] {
  const chosen = readSettings(settings, draft);
  const found = chosen.kind === 'story' ? checkStory(draft) : checkFeed(draft);
  return [...found, ...checkCover(draft, chosen)];
}

export function warnAboutDraft(draft: Draft): Violation[] {
  const { kind } = readSettings(settings, draft);
  return warnAboutMedia(NAME, draft, kind === 'story' ? storyLimits : limits.media);
}

function checkFeed(draft: Draft): Violation[] {
  const tooLong = textTooLong(NAME, longestCount(draft.text), limits.maxTextLength);
  if (tooLong.length > 0) return [...tooLong, ...checkMedia(NAME, draft, limits.media)];
  return [
    ...tooMany(draft.text, /#[\p{L}\p{N}_]+/gu, MAX_HASHTAGS, 'too_many_hashtags', 'hashtags'),
    ...tooMany(draft.text, /@[\p{L}\p{N}_.]+/gu, MAX_MENTIONS, 'too_many_mentions', '@ mentions'),
    ...checkMedia(NAME, draft, limits.media),
  ];
}

/** Meta does not define a character. Code units are never fewer than code points or graphemes. */
function longestCount(text: string): number {
  return text.length;
}

function tooMany(text: string, pattern: RegExp, max: number, code: string, what: string): Violation[] {
  const found = [...text.matchAll(pattern)];
  const surplus = found[max];
  if (!surplus) return [];
  const detail = `${NAME} allows ${max} ${what}; this text has ${found.length}. The first that is too many is ${surplus[0].slice(0, LONGEST_SHOWN)}.`;
  const at = { offset: surplus.index, length: surplus[0].length };
  return [{ field: 'text', code, detail, at }];
}

function checkCover(
  { media }: Draft,
  { kind, coverOffsetMs }: Pick<Static<typeof settings>, 'kind' | 'coverOffsetMs'>,
): Violation[] {
  if (coverOffsetMs === undefined) return [];
  const field = 'settings/coverOffsetMs';
  const [video] = media;
  if (kind === 'story' || media.length !== 1 || video?.kind !== 'video') {
    const detail = `${NAME} takes a cover for a reel only: a post of the feed with one video and nothing else.`;
    return [{ field, code: 'cover_without_reel', detail }];
  }
  const durationMs = video.durationMs ?? 0;
  if (coverOffsetMs < durationMs) return [];
  const detail = `${NAME} takes the cover from before the end of the video, which is ${durationMs} ms long; this is ${coverOffsetMs}.`;
  return [{ field, code: 'cover_after_end', detail }];
}
