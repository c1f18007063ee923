import { checkMedia } from '../draft-rules.ts';
import type { Draft, Violation } from '../draft.ts';
import { storyLimits } from './limits.ts';

/** What its app calls the place. */
const NAME = 'Instagram Stories';

/** A text would be lost without a word, so it is refused, and not left out: its author has to know. */
export function checkStory(draft: Draft): Violation[] {
  return [...textLost(draft.text), ...checkMedia(NAME, draft, storyLimits)];
}

function textLost(text: string): Violation[] {
  if (text === '') return [];
  const detail =
    'An Instagram story takes no text. Give this channel an empty text of its own, or post to the feed.';
  return [{ field: 'text', code: 'story_takes_no_text', detail }];
}
