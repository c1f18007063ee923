import { FORGETTABLE, inBatches, type SqlRunner } from '@solospark/db';

// Which alarms the queue has confirmed, and which are still to be set.

/** `confirmAlarms` for one alarm: alarms that are set at the same time share a statement. */
export const confirmAlarm = inBatches(async (db, alarms: { postId: string; revision: number }[]) => {
  await confirmAlarms(db, alarms);
  return alarms.map(() => undefined);
});

/** Notes that the queue has the alarms of these revisions. A post with a newer revision is left alone. */
export async function confirmAlarms(
  db: SqlRunner,
  alarms: { postId: string; revision: number }[],
): Promise<void> {
  await db.query(
    // If a crash loses this write, the alarm is set once more.
    `WITH ${FORGETTABLE}, found AS (
       -- By key, as everywhere on the hot path. A locked row is being changed: it gets another alarm.
       SELECT post.id, post.revision, post.status, alarm.revision AS confirmed
       FROM post JOIN unnest($1::uuid[], $2::int[]) AS alarm(id, revision) USING (id)
       FOR UPDATE OF post SKIP LOCKED
     )
     UPDATE post SET alarm_set_at = now() FROM found, forgettable
     WHERE post.id = found.id AND found.revision = found.confirmed AND found.status = 'scheduled'`,
    [alarms.map((alarm) => alarm.postId), alarms.map((alarm) => alarm.revision)],
  );
}

/** Scheduled posts whose alarm the queue has not confirmed, the most urgent first. */
export async function findPendingAlarms(
  db: SqlRunner,
  limit: number,
): Promise<{ postId: string; revision: number; scheduledAt: Date }[]> {
  return db.query(
    `SELECT id AS "postId", revision, scheduled_at AS "scheduledAt" FROM post
     WHERE status = 'scheduled' AND alarm_set_at IS NULL ORDER BY scheduled_at LIMIT $1`,
    [limit],
  );
}
