import type { Context } from '../context.ts';
import { sweepFiles } from '../media/sweep-files.ts';
import { startLoops } from './loops.ts';

const SWEEP_EVERY_MS = 10 * 60_000;

/** An upload that is older has no process any more: the largest file at a tenth of a megabyte a second takes 85 minutes. */
const UPLOAD_IS_DEAD_MS = 3 * 60 * 60_000;

/** Sweeps now and every ten minutes, in the process that takes uploads: half of them lie on its own disk. */
export function startSweeping(ctx: Context): { stop(): Promise<void> } {
  const run = () => sweepFiles(ctx, { olderThanMs: UPLOAD_IS_DEAD_MS });
  return startLoops(ctx, [{ name: 'files', everyMs: SWEEP_EVERY_MS, run }]);
}
