import type { State } from './state.ts';
import type { World } from './world.ts';

// What must hold in every state; the numbers are those of docs/guarantees.md.

/** What is wrong in this state; empty when nothing is. `broken` is what the step that led here did. */
export function wrongIn(s: State, world: World): string {
  if (s.broken) return s.broken;
  if (s.public > 1) return 'I2: two public posts';
  if (s.delivery === 'published' && s.public === 0) return 'I2: said to be published, and nothing is out';
  if (s.delivery === 'failed' && s.public > 0) return 'I1: said not to be out, and it is';
  if (s.delivery === 'failed' && s.calls.some(({ state }) => state === 'under way')) {
    return 'I1: said not to be out, while a call may still be carried out';
  }
  if (s.delivery === 'uncertain' && s.answerIgnored)
    return 'I1: left to a person, though its answer had arrived';
  if (s.delivery === 'uncertain' && world.prompt)
    return 'I1: left to a person, though nothing had gone wrong';
  return '';
}

/** Where nothing more has to happen: post and delivery say the same. */
export function isOver(s: State): boolean {
  if (s.post === 'draft') return true;
  if (s.post === 'published') return s.delivery === 'published';
  return s.post === 'failed' && (s.delivery === 'failed' || s.delivery === 'uncertain');
}

export const NEVER_ENDS = 'I1, I4: from here it never ends, or post and delivery never agree';
