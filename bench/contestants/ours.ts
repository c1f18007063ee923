import type { Child } from '../child.ts';
import type { Installation } from '../installation.ts';
import { OURS } from '../sections/section.ts';
import type { Conditions, Contestant } from './contestant.ts';
import { alarmsSet, forgetPosts, insertScheduled, startOurWorker } from './our-rows.ts';

/**
 * SoloSpark: the built worker. Posts are inserted as scheduled rows without alarms, because ten thousand API calls would take
 * minutes. The worker's sweepers find them and set every alarm before they are due.
 */
export function ours(
  installation: Installation,
  conditions: Conditions,
  nodeArgs: string[] = [],
): Contestant {
  let worker: Child | undefined;

  return {
    name: OURS,
    async start() {
      await forgetPosts(installation);
      worker = await startOurWorker(installation, { ...conditions, nodeArgs });
      return worker;
    },
    async schedule(posts) {
      await insertScheduled(installation, posts, installation.channels);
      await alarmsSet(installation);
    },
    async countPublished() {
      const [row] = await installation.sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM delivery d JOIN post p ON p.id = d.post_id
         WHERE d.status = 'published' AND p.status = 'published' AND d.remote_id IS NOT NULL`,
      );
      return row?.n ?? 0;
    },
    async stop() {
      await worker?.end('SIGTERM');
    },
  };
}
