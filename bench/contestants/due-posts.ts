import type { DuePost } from './contestant.ts';

let lastNumber = 0;

/** Numbers the posts. A number is never used twice in one run of the bench, because the platform identifies posts by it. */
export function duePosts(dueAtMs: number[]): DuePost[] {
  return dueAtMs.map((ms) => ({ number: (lastNumber += 1), dueAt: new Date(ms) }));
}
