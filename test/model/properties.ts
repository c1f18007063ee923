import type { State } from './state.ts';
import type { World } from './world.ts';

// The invariants that must hold in every state, with their numbers in docs/guarantees.md.

/** What is wrong in this state; empty when nothing is. `broken` is set by the step that led to it. */
export function wrongIn(s: State, world: World): string {
  if (s.broken) return s.broken;
  if (s.public > 1) return 'I2: two public posts';
  if (s.delivery === 'published' && s.public === 0) return 'I2: reported as published, but not public';
  if (s.delivery === 'failed' && s.public > 0) return 'I1: reported as failed, but public';
  if (s.delivery === 'failed' && s.calls.some(({ state }) => state === 'under way')) {
    return 'I1: reported as failed, but a call may still be carried out';
  }
  if (s.delivery === 'uncertain' && s.answerIgnored) return 'I1: uncertain, although its answer had arrived';
  if (s.delivery === 'uncertain' && world.prompt) return 'I1: uncertain, although nothing had gone wrong';
  return '';
}

/** The end: post and delivery agree, and nothing more has to happen. */
export function isOver(s: State): boolean {
  if (s.post === 'draft') return true;
  if (s.post === 'published') return s.delivery === 'published';
  return s.post === 'failed' && (s.delivery === 'failed' || s.delivery === 'uncertain');
}

export const NEVER_ENDS = 'I1, I4: from this state it never ends, or post and delivery never agree';
