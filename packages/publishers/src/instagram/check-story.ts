import { checkMedia } from '../draft-rules.ts';
import type { Draft, Violation } from '../draft.ts';
import { storyLimits } from './limits.ts';

/** The name in Instagram's app. */
const NAME = 'Instagram Stories';

/** Refuses a story with a text: Instagram would drop the text, and the author would not notice. */
export function checkStory(draft: Draft): Violation[] {
  return [...textLost(draft.text), ...checkMedia(NAME, draft, storyLimits)];
}

function textLost(text: string): Violation[] {
  if (text === '') return [];
  const detail =
    'An Instagram story takes no text. Give this channel an empty text of its own, or post to the feed.';
  return [{ field: 'text', code: 'story_takes_no_text', detail }];
}
