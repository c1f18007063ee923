import type { SqlRunner } from '@solospark/db';

// Every change of a post carries an id that whoever asked for it has drawn. A connection that breaks after COMMIT leaves
// open whether it was made: these ids tell, where a revision alone would not say whose change it counts.

/** So many changes of a post are remembered: whoever lost the answer to one of these finds out whether it was made. */
const CHANGES_KEPT = 8;

/** Part of every statement that raises the revision. `changeId` is a parameter; null where nobody will ask for it. */
export function noteChange(changeId: string): string {
  return `recent_changes = (array_prepend(${changeId}::uuid, post.recent_changes))[1:${CHANGES_KEPT}]`;
}

/**
 * What became of a change that was tried on revision `triedOn` or a later one, and whose answer was lost. `not_made`: nor
 * will it be, if the revision has moved on. `unknown`: too much has changed since.
 */
export async function findChange(
  db: SqlRunner,
  change: { postId: string; changeId: string; triedOn: number },
): Promise<'made' | 'not_made' | 'unknown'> {
  const [row] = await db.query<{ made: boolean; revision: number }>(
    // Also of a post that is deleted since.
    `SELECT COALESCE($2::uuid = ANY (recent_changes), false) AS made, revision FROM post WHERE id = $1`,
    [change.postId, change.changeId],
  );
  if (row?.made) return 'made';
  return row && row.revision - change.triedOn <= CHANGES_KEPT ? 'not_made' : 'unknown';
}
