import { channel } from 'node:diagnostics_channel';

/** Points between which a process may die: after a commit and before the call, or after an answer and before its commit. */
export type Step =
  | 'after-fire'
  | 'after-claim'
  | 'before-sending'
  | 'after-sending'
  | 'before-socket'
  | 'after-answer'
  | 'after-lookup'
  | 'before-settle'
  | 'after-settle';

const steps = channel('solospark:publishing-step');

/**
 * Tells the subscribers of `solospark:publishing-step` in this process that it has reached this step. A subscriber runs
 * before the next line: chaos runs kill or freeze the process here.
 */
export function reach(step: Step): void {
  steps.publish(step);
}
