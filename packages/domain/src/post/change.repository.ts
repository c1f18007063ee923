import type { SqlRunner } from '@solospark/db';

// Every change of a post has an id, chosen by its caller. A connection that breaks after COMMIT leaves open whether the
// change was made, and the id tells. The revision does not: it may have been raised by somebody else's change.

/**
 * How many change ids a post keeps. A caller that lost its answer finds out whether its change was made while its id is kept.
 */
const CHANGES_KEPT = 8;

/**
 * Part of every statement that raises the revision. `changeId` is an SQL parameter, or NULL where nobody will look for it.
 */
export function noteChange(changeId: string): string {
  return `recent_changes = (array_prepend(${changeId}::uuid, post.recent_changes))[1:${CHANGES_KEPT}]`;
}

/**
 * Whether a change was made whose answer was lost. It was tried on revision `triedOn` or a later one. `not_made` is final if
 * the revision has moved on. `unknown`: there were too many changes since.
 */
export async function findChange(
  db: SqlRunner,
  change: { postId: string; changeId: string; triedOn: number },
): Promise<'made' | 'not_made' | 'unknown'> {
  const [row] = await db.query<{ made: boolean; revision: number }>(
    // Also for a post that was deleted since.
    `SELECT COALESCE($2::uuid = ANY (recent_changes), false) AS made, revision FROM post WHERE id = $1`,
    [change.postId, change.changeId],
  );
  if (row?.made) return 'made';
  return row && row.revision - change.triedOn <= CHANGES_KEPT ? 'not_made' : 'unknown';
}
