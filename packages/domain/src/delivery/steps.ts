import { channel } from 'node:diagnostics_channel';

/** Between these steps lies what has to survive: a commit and the call after it, an answer and the commit after it. */
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
 * Tells whoever subscribes to `solospark:publishing-step` in this process that it has come this far. A subscriber runs at once,
 * before the next line: chaos runs let the process die or freeze here.
 */
export function reach(step: Step): void {
  steps.publish(step);
}
