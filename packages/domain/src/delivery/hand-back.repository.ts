import type { SqlRunner } from '@solospark/db';

/** How often trouble of our own has had this delivery handed back since it was due. A worker that stops does not count. */
export async function countHandBacks(db: SqlRunner, deliveryId: string): Promise<number> {
  const [row] = await db.query<{ handBacks: number }>(
    `SELECT count(*)::int AS "handBacks" FROM attempt a JOIN delivery d ON d.id = a.delivery_id
     WHERE d.id = $1 AND a.started_at >= d.due_at AND a.outcome = 'handed_back' AND a.failure_kind IS NOT NULL`,
    [deliveryId],
  );
  return row?.handBacks ?? 0;
}
