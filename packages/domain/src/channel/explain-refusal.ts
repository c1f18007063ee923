import { NoAnswerError, PublisherError, type Publisher } from '@solospark/publishers';
import { DomainError } from '../errors.ts';

/** Turns an error of a platform, while an account is connected, into one for the person who waits for it. */
export function explainRefusal(error: unknown, { name }: Publisher): unknown {
  if (error instanceof NoAnswerError) return unavailable(name, error);
  if (!(error instanceof PublisherError)) return error;
  switch (error.failure.kind) {
    case 'unavailable':
    case 'rate_limited':
      return unavailable(name, error);
    case 'unknown':
      return new DomainError(
        'platform_refused',
        `${name} refused the connection for a reason that SoloSpark does not know. Try again, or ask whoever runs SoloSpark.`,
        { cause: error },
      );
    default:
      return new DomainError('platform_refused', error.failure.reason, { cause: error });
  }
}

function unavailable(name: string, cause: unknown): DomainError {
  return new DomainError('platform_unavailable', `${name} could not be reached. Try again in a moment.`, {
    cause,
  });
}
