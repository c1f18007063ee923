import type { Context } from '../context.ts';
import { forgetStrayFile, takeStrayFiles } from './media.repository.ts';

const BATCH = 100;

/**
 * Removes what nobody needs: files whose upload has come to nothing (its process died, or the database was away), files of
 * media that was deleted while the store was, and what lies half received on this machine.
 *
 * @param olderThanMs when an upload counts as dead. Longer than any upload takes.
 */
export async function sweepFiles(ctx: Context, { olderThanMs }: { olderThanMs: number }): Promise<void> {
  await ctx.staging.sweep(olderThanMs);
  const keys = await takeStrayFiles(ctx.db, olderThanMs, BATCH);
  for (const key of keys) await removeStrayFile(ctx, key);
  if (keys.length > 0) ctx.log.info({ files: keys.length }, 'orphaned files removed');
}

/** While the store or the database is away the note stays, and the next sweep finds it. */
export async function removeStrayFile(ctx: Context, key: string): Promise<void> {
  try {
    await ctx.files.remove(key);
    await forgetStrayFile(ctx.db, key);
  } catch (error) {
    ctx.log.warn({ err: error, key }, 'an orphaned file cannot be removed now, it is tried again');
  }
}
