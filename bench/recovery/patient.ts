import { setTimeout as delay } from 'node:timers/promises';

/** A system that is damaged; each method returns the seconds until it has recovered, or Infinity after a limit. */
export interface Patient {
  name: string;
  /** Kills (kill -9) the one of two workers that holds a post, while the platform does not answer. Ends when the post is settled. */
  killed(when: 'before sending' | 'while sending'): Promise<number>;
  /** The lateness of the last of some posts that become due after the alarms were lost, or Redis was stopped. */
  withoutQueue(how: 'flushed' | 'stopped'): Promise<number>;
}

export const NEVER = Number.POSITIVE_INFINITY;

/** How many posts become due some seconds after the queue was damaged. */
export const HARMED_POSTS = 20;
export const DUE_AFTER_MS = 3_000;

/** Polls until the condition is true; returns false when it was not true in time. */
export async function until(condition: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end;) {
    if (await condition()) return true;
    await delay(25);
  }
  return false;
}

/** A random pause, so that the damage is not in step with any timer. */
export async function pauseUpTo(ms: number): Promise<void> {
  await delay(Math.random() * ms);
}
