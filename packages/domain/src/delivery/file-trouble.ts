import { messageOf } from '@solospark/foundation';
import type { Failure, PrepareOutcome } from '@solospark/publishers';
import { FileChangedError, FileMissingError, StoreUnavailableError } from '@solospark/storage';
import { LinkUnservedError } from '../media/try-link.ts';

/** How long to wait before the store, or our own address, is tried again. */
const AWAY_PAUSE_MS = 15_000;

type Trouble = Exclude<PrepareOutcome, { outcome: 'ready' }>;

/**
 * How a delivery goes on when one of its files could not be had. That is a fault of this server, and says nothing about the
 * platform. Undefined: the error is not about files.
 */
export function fileTrouble(
  error: unknown,
  platform: string,
  publicUrl: string,
  now: Date,
): Trouble | undefined {
  const away = (reason: string): Trouble => ({
    outcome: 'wait_until',
    until: new Date(now.getTime() + AWAY_PAUSE_MS),
    failure: failureOf('media_unavailable', reason, error),
  });
  if (error instanceof StoreUnavailableError) {
    return away(
      'The place where this server keeps its media does not answer. Nothing was published, and the post goes out by ' +
        'itself once it is back. Ask whoever runs this server to look at it.',
    );
  }
  if (error instanceof LinkUnservedError) {
    return away(
      `${platform} fetches files from this server, and at ${publicUrl} (PUBLIC_URL) this one cannot be fetched: ` +
        `${error.message}. Nothing was published, and the post goes out by itself once that is mended. Ask whoever runs ` +
        'this server.',
    );
  }
  if (error instanceof FileMissingError) {
    const reason =
      'A file of this post is missing where this server keeps its media. Nothing was published; it is tried again by ' +
      'itself. Ask whoever runs this server to bring it back: the API and the worker have to share that place.';
    return { outcome: 'retry', failure: failureOf('media_unavailable', reason, error) };
  }
  if (error instanceof FileChangedError) {
    const reason =
      `The file of this post is not what was uploaded: ${error.difference}. Nothing was published. Ask whoever runs this ` +
      'server to bring the file back, then publish again; or upload it again, and post it anew.';
    return { outcome: 'failed', failure: failureOf('media_damaged', reason, error) };
  }
  return undefined;
}

function failureOf(kind: Failure['kind'], reason: string, error: unknown): Failure {
  return { kind, actor: 'operator', reason, detail: messageOf(error) };
}
