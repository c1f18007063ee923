import { withDeadline } from '@solospark/foundation';
import { StoreUnavailableError, type StoreState } from './file-store.ts';

/** However often somebody asks, the store is. */
const GOOD_FOR_MS = 5_000;

/**
 * Tries the store for whoever asks about it: at most every few seconds, once at a time, and with a deadline.
 * @param probe stores something small, and throws what comes of that
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
