import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../child.ts';
import { duePosts } from '../contestants/due-posts.ts';
import { alarmsSet, forgetPosts, insertScheduled, startOurWorker } from '../contestants/our-rows.ts';
import type { Installation } from '../installation.ts';
import type { Servers } from '../servers.ts';
import { OURS } from '../sections/section.ts';
import { DUE_AFTER_MS, HARMED_POSTS, NEVER, pauseUpTo, until, type Patient } from './patient.ts';

const GIVE_UP_MS = 180_000;
/** Longer than any wait of this section. */
const HANG_MS = 120_000;

/** SoloSpark on the sandbox: two workers, and X, which has a look-up. */
export function ourPatient(
  installation: Installation,
  servers: Servers,
  options: { concurrency: number; logs: string },
): Patient {
  const { sql } = installation;
  const sandbox = async (method: string, path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const url = `${installation.env['SANDBOX_URL']}/_sandbox${path}`;
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}: ${await answer.text()}`);
  };

  async function withWorkers<T>(work: (workers: Child[]) => Promise<T>): Promise<T> {
    await forgetPosts(installation);
    const workers: Child[] = [];
    try {
      for (const name of ['worker a', 'worker b'])
        workers.push(await startOurWorker(installation, { ...options, name }));
      await delay(1_000);
      return await work(workers);
    } finally {
      for (const worker of workers) await worker.end('SIGKILL');
    }
  }

  return {
    name: OURS,
    killed: (when) =>
      withWorkers(async (workers) => {
        // On X a look-up comes before the public call.
        const fault =
          when === 'before sending'
            ? { step: 'lookup', fault: 'hang-before-commit' }
            : { step: 'publish', fault: 'commit-then-hang' };
        await sandbox('POST', '/faults', { platform: 'x', ...fault, times: 1, ms: HANG_MS });
        const channels = installation.demoChannels.filter(({ platform }) => platform === 'x');
        await insertScheduled(installation, duePosts([Date.now() + DUE_AFTER_MS]), channels);
        let holder = 0;
        const held = await until(async () => {
          const [attempt] = await sql<{ worker: string; sent: boolean }>(
            'SELECT worker, sending_at IS NOT NULL AS sent FROM attempt WHERE ended_at IS NULL',
          );
          holder = Number(/-(\d+)-[0-9a-f]+$/.exec(attempt?.worker ?? '')?.[1]);
          return holder > 0 && attempt?.sent === (when === 'while sending');
        }, 20_000);
        if (!held) throw new Error('no worker took the post');
        // Wait until the request is sent, and until the time since the last renewal of the lease is random.
        await delay(500);
        await pauseUpTo(3_000);
        await workers.find(({ pid }) => pid === holder)?.end('SIGKILL');
        const killedAt = Date.now();
        let status = '';
        const settled = await until(async () => {
          const [row] = await sql<{ status: string }>('SELECT status::text FROM delivery');
          status = row?.status ?? '';
          return status !== 'pending' && status !== 'publishing';
        }, GIVE_UP_MS);
        if (settled && status !== 'published') throw new Error(`the delivery ended as ${status}`);
        return settled ? (Date.now() - killedAt) / 1_000 : NEVER;
      }),
    withoutQueue: (how) =>
      withWorkers(async () => {
        const posts = duePosts(Array.from({ length: HARMED_POSTS }, () => Date.now() + 4_000 + DUE_AFTER_MS));
        await insertScheduled(installation, posts, installation.channels);
        await alarmsSet(installation);
        const dueMs = posts[0]?.dueAt.getTime() ?? 0;
        await delay(dueMs - DUE_AFTER_MS - Date.now());
        await (how === 'flushed' ? servers.redis.flush() : servers.redis.down());
        try {
          const out = await until(async () => {
            const [row] = await sql<{ n: number }>(
              `SELECT count(*)::int AS n FROM delivery WHERE status = 'published'`,
            );
            return row?.n === posts.length;
          }, GIVE_UP_MS);
          if (!out) return NEVER;
          const [row] = await sql<{ seconds: number }>(
            'SELECT extract(epoch FROM max(published_at - due_at))::float8 AS seconds FROM delivery',
          );
          return row?.seconds ?? NEVER;
        } finally {
          if (how === 'stopped') await servers.redis.up({ empty: true });
        }
      }),
  };
}
