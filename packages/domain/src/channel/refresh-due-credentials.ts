import type { Context } from '../context.ts';
import { findDueForRefresh } from './credentials.repository.ts';
import { refreshCredentials } from './refresh-credentials.ts';

const BATCH = 20;

/** Renews credentials ahead of time, so that no post has to wait for it, and no connection ends because it was idle. */
export async function refreshDueCredentials(ctx: Context, platforms: string[]): Promise<void> {
  const due = await findDueForRefresh(ctx.db, { platforms, limit: BATCH });
  await Promise.all(
    due.map(async (channel) => {
      const publisher = ctx.findPublisher(channel.platform);
      if (publisher) await refreshCredentials(ctx, publisher, channel);
    }),
  );
}
