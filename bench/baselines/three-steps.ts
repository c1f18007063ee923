import pg from 'pg';
import { publishText } from '../platform/contract.ts';
import type { BaselineEnv } from './baseline.ts';

// The three steps of every baseline for a post: claim it, publish it, store the receipt.

export interface ThreeSteps {
  publish(id: number): Promise<void>;
  /** How many posts are being published now. */
  running(): number;
  close(): Promise<void>;
}

export const baselineTable = `
  CREATE TABLE IF NOT EXISTS job_post (
    id bigint PRIMARY KEY, token text NOT NULL, text text NOT NULL, status text NOT NULL,
    due_at timestamptz NOT NULL, remote_id text
  )`;

export function openThreeSteps(env: BaselineEnv): ThreeSteps {
  const pool = new pg.Pool({
    connectionString: env.databaseUrl,
    max: env.poolSize,
    application_name: 'plain-worker',
  });
  pool.on('error', () => undefined);
  const claimable = env.resend ? `status IN ('scheduled', 'publishing')` : `status = 'scheduled'`;
  let running = 0;

  async function publish(id: number): Promise<void> {
    const { rows } = await pool.query<{ token: string; text: string }>(
      `UPDATE job_post SET status = 'publishing' WHERE id = $1 AND ${claimable} RETURNING token, text`,
      [id],
    );
    const [post] = rows;
    if (!post) return;
    const remoteId = await publishText(env.platformUrl, post);
    await pool.query(`UPDATE job_post SET status = 'published', remote_id = $2 WHERE id = $1`, [
      id,
      remoteId,
    ]);
  }

  return {
    async publish(id) {
      running += 1;
      try {
        await publish(id);
      } finally {
        running -= 1;
      }
    },
    running: () => running,
    close: () => pool.end(),
  };
}
