import { setTimeout as delay } from 'node:timers/promises';

/** What is harmed, and how long it takes to be well again, in seconds; Infinity: it was given up waiting for. */
export interface Patient {
  name: string;
  /** kill -9 for the worker that holds a post, of two, while the platform is silent. Until the post is settled. */
  killed(when: 'before sending' | 'while sending'): Promise<number>;
  /** How late the last of some posts is that become due when the alarms are lost, or Redis is gone. */
  withoutQueue(how: 'flushed' | 'stopped'): Promise<number>;
}

export const NEVER = Number.POSITIVE_INFINITY;

/** So many posts become due some seconds after the queue was harmed. */
export const HARMED_POSTS = 20;
export const DUE_AFTER_MS = 3_000;

/** Asks until the answer is true. False: it was not true in time. */
export async function until(condition: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end;) {
    if (await condition()) return true;
    await delay(25);
  }
  return false;
}

/** A moment that no timer of anybody is in step with. */
export async function pauseUpTo(ms: number): Promise<void> {
  await delay(Math.random() * ms);
}
