import type { Context } from '../context.ts';
import { sweepFiles } from '../media/sweep-files.ts';
import { startLoops } from './loops.ts';

const SWEEP_EVERY_MS = 10 * 60_000;

/** An older upload is abandoned: the largest file takes 85 minutes at 100 kB a second. */
const ABANDONED_AFTER_MS = 3 * 60 * 60_000;

/**
 * Sweeps orphaned files now and every ten minutes. Runs in the process that takes uploads, whose staging is on its own disk.
 */
export function startSweeping(ctx: Context): { stop(): Promise<void> } {
  const run = () => sweepFiles(ctx, { olderThanMs: ABANDONED_AFTER_MS });
  return startLoops(ctx, [{ name: 'files', everyMs: SWEEP_EVERY_MS, run }]);
}
