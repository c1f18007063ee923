import { randomUUID } from 'node:crypto';
import { withRetry } from '@solospark/db';
import type { Context } from '../context.ts';
import { findChange } from './change.repository.ts';

/**
 * Every change of a post is read, decided and written in a loop. `write` changes the post only if it still has the revision
 * on which the change was decided. Undefined: somebody else has changed the post since, and the caller reads and decides
 * again. The loop ends, because each lost round is one in which somebody else's change was made.
 *
 * A database that restarts is waited for. If the answer to a write was lost, the change is looked for by its id. If it was
 * made, it is not made again, whatever others have changed since, and the result is `'made'`.
 * @throws the error of the database, if it lasts or if nobody can tell any more whether the change was made.
 */
export async function compareAndSet<T>(
  ctx: Pick<Context, 'db'>,
  post: { id: string; revision: number },
  write: (changeId: string) => Promise<T | undefined>,
): Promise<T | 'made' | undefined> {
  const changeId = randomUUID();
  let lost: Error | undefined;
  const isMade = async () => {
    if (lost === undefined) return false;
    const fate = await findChange(ctx.db, { postId: post.id, changeId, triedOn: post.revision });
    if (fate === 'unknown') throw lost;
    return fate === 'made';
  };
  const writeOnce = async () => {
    if (await isMade()) return 'made';
    const written = await write(changeId);
    // The statement whose answer was lost may have been carried out since the check above.
    return written === undefined && (await isMade()) ? 'made' : written;
  };
  return withRetry(writeOnce, { onRetry: (error) => (lost ??= error as Error) });
}
