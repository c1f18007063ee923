import type { DuePost } from './contestant.ts';

let lastNumber = 0;

/** Numbers are never used twice in one run of the bench: the platform tells posts apart by them. */
export function duePosts(dueAtMs: number[]): DuePost[] {
  return dueAtMs.map((ms) => ({ number: (lastNumber += 1), dueAt: new Date(ms) }));
}
