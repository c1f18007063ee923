import { assertNever } from '@solospark/foundation';
import { FileChangedError, FileMissingError, StoreUnavailableError } from '@solospark/storage';
import { DomainError } from '../errors.ts';

const ASK = 'Whoever runs this server should look at where media lies.';

/** Turns a fault of the file store into an error for the caller. Other errors stay as they are. */
export function storeProblem(error: unknown): unknown {
  if (error instanceof FileMissingError) {
    return new DomainError('media_not_found', `The bytes of this media file are missing. ${ASK}`, {
      cause: error,
    });
  }
  if (error instanceof FileChangedError) {
    const message = `This media file is not what was uploaded: ${error.difference}. ${ASK}`;
    return new DomainError('media_damaged', message, { cause: error });
  }
  if (!(error instanceof StoreUnavailableError)) return error;
  switch (error.state) {
    case 'full':
      return new DomainError('storage_full', `There is no room left where media lies. ${ASK}`, {
        cause: error,
      });
    case 'read_only':
      return new DomainError('storage_read_only', `Nothing can be written where media lies. ${ASK}`, {
        cause: error,
      });
    case 'away': {
      const message = 'The place where media lies does not answer. Try again in a moment.';
      return new DomainError('storage_unavailable', message, { cause: error });
    }
    default:
      return assertNever(error.state);
  }
}
