import type { Context } from '../context.ts';
import { forgetStrayFile, takeStrayFiles } from './media.repository.ts';

const BATCH = 100;

/**
 * Removes files that nobody needs: those of uploads that never ended (the process died, or the database was away), those of
 * media that was deleted while the store was away, and half-received uploads on this machine.
 *
 * @param olderThanMs when an upload counts as abandoned. Longer than any upload takes.
 */
export async function sweepFiles(ctx: Context, { olderThanMs }: { olderThanMs: number }): Promise<void> {
  await ctx.staging.sweep(olderThanMs);
  const keys = await takeStrayFiles(ctx.db, olderThanMs, BATCH);
  for (const key of keys) await removeStrayFile(ctx, key);
  if (keys.length > 0) ctx.log.info({ files: keys.length }, 'orphaned files removed');
}

/** While the store or the database is away the row stays, and the next sweep tries again. */
export async function removeStrayFile(ctx: Context, key: string): Promise<void> {
  try {
    await ctx.files.remove(key);
    await forgetStrayFile(ctx.db, key);
  } catch (error) {
    ctx.log.warn({ err: error, key }, 'an orphaned file cannot be removed now, it is tried again');
  }
}
