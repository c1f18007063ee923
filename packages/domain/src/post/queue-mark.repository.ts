import { FORGETTABLE, type SqlRunner } from '@solospark/db';
import type { QueueMark } from '@solospark/queue';

// The row that stores the queue's mark, and from when on alarms have to be set again.

/** Undefined: no worker has looked at the queue yet. */
export async function findKnownMark(db: SqlRunner): Promise<QueueMark | undefined> {
  const [known] = await db.query<QueueMark>(`SELECT epoch, beat FROM queue_mark WHERE id = 1`);
  return known;
}

export async function rememberMark(db: SqlRunner, { epoch, beat }: QueueMark): Promise<void> {
  await db.query(
    // If a crash loses this write, the queue is compared with an older mark: no alarm is lost by that.
    `WITH ${FORGETTABLE}
     UPDATE queue_mark SET beat = $2 FROM forgettable WHERE id = 1 AND epoch = $1 AND beat < $2`,
    [epoch, beat],
  );
}

/** Marks all alarms that were set until now as lost. False: another worker has noted it already. */
export async function noteLostAlarms(
  db: SqlRunner,
  { known, found }: { known: QueueMark | undefined; found: QueueMark },
): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO queue_mark (id, epoch, beat, lost_at) VALUES (1, $1, $2, now())
     ON CONFLICT (id) DO UPDATE
     SET epoch = excluded.epoch, beat = excluded.beat, lost_at = excluded.lost_at, restoring_until = NULL
     WHERE queue_mark.epoch = $3 AND (queue_mark.epoch <> excluded.epoch OR queue_mark.beat >= excluded.beat)
     RETURNING id`,
    [found.epoch, found.beat, known?.epoch ?? null],
  );
  return rows.length === 1;
}

/**
 * Lets `worker` set the lost alarms again, for half a minute at a time. Returns until when alarms were lost; undefined if
 * none were, or if another worker sets them.
 */
export async function claimRestoring(db: SqlRunner, worker: string): Promise<Date | undefined> {
  const [claimed] = await db.query<{ lostAt: Date }>(
    `UPDATE queue_mark SET restorer = $1, restoring_until = now() + interval '30 seconds'
     WHERE id = 1 AND lost_at IS NOT NULL AND (restoring_until IS NULL OR restoring_until < now() OR restorer = $1)
     RETURNING lost_at AS "lostAt"`,
    [worker],
  );
  return claimed?.lostAt;
}

export async function endRestoring(db: SqlRunner, lostAt: Date): Promise<void> {
  await db.query(
    `UPDATE queue_mark SET lost_at = NULL, restorer = NULL, restoring_until = NULL WHERE id = 1 AND lost_at = $1`,
    [lostAt],
  );
}

export interface ScheduledPost {
  postId: string;
  revision: number;
  scheduledAt: Date;
}

/** Scheduled posts whose alarm was set up to `lostAt`, however far ahead, the most urgent first, starting after `after`. */
export async function findLostAlarms(
  db: SqlRunner,
  { lostAt, after, limit }: { lostAt: Date; after: ScheduledPost | undefined; limit: number },
): Promise<ScheduledPost[]> {
  return db.query(
    `SELECT id AS "postId", revision, scheduled_at AS "scheduledAt" FROM post
     WHERE status = 'scheduled' AND alarm_set_at <= $1
       AND ($2::timestamptz IS NULL OR (scheduled_at, id) > ($2, $3::uuid))
     ORDER BY scheduled_at, id LIMIT $4`,
    [lostAt, after?.scheduledAt ?? null, after?.postId ?? null, limit],
  );
}
