import { withDeadline } from '@solospark/foundation';
import { StoreUnavailableError, type StoreState } from './file-store.ts';

/** How long one answer is reused. */
const GOOD_FOR_MS = 5_000;

/**
 * Returns a function that checks the store: at most every few seconds, one check at a time, each with a deadline.
 * @param probe stores something small, and throws when that fails
 */
export function watchState(probe: () => Promise<unknown>, timeoutMs: number): () => Promise<StoreState> {
  let known: Promise<StoreState> | undefined;

  async function look(): Promise<StoreState> {
    try {
      await withDeadline(probe(), timeoutMs, 'trying the media store');
      return 'up';
    } catch (error) {
      return error instanceof StoreUnavailableError ? error.state : 'away';
    } finally {
      setTimeout(() => (known = undefined), GOOD_FOR_MS).unref();
    }
  }
  return () => (known ??= look());
}
