import { DomainError } from '../errors.ts';
import type { PostDelivery } from '../post/post.ts';

// What a person who has looked at the account says about an `uncertain` delivery.

export type Resolution =
  | {
      outcome: 'published';
      /** Where the person saw it. */
      url?: string | undefined;
    }
  | { outcome: 'not_published' };

/**
 * True when the delivery is already as the person says, so that the same decision twice changes nothing.
 * @throws DomainError `nothing_to_resolve` when it is neither that nor uncertain.
 */
export function isResolved(
  delivery: Pick<PostDelivery, 'status' | 'remoteUrl'>,
  resolution: Resolution,
): boolean {
  const { status, remoteUrl } = delivery;
  if (status === 'uncertain') return false;
  if (resolution.outcome === 'not_published' && status === 'failed') return true;
  if (resolution.outcome === 'published' && status === 'published') {
    if (resolution.url === undefined || resolution.url === remoteUrl) return true;
    throw nothingToResolve(
      remoteUrl === null
        ? 'It is known to be published already.'
        : `It is known to be published already, at ${remoteUrl}.`,
    );
  }
  throw nothingToResolve(`The delivery is ${status}.`);
}

function nothingToResolve(why: string): DomainError {
  return new DomainError('nothing_to_resolve', `There is nothing to decide about this delivery. ${why}`);
}
