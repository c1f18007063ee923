import { assertNever } from '@solospark/foundation';
import {
  NoAnswerError,
  PublisherError,
  type AccountCall,
  type Credentials,
  type Failure,
  type Publisher,
} from '@solospark/publishers';
import { withRetry } from '@solospark/db';
import { isRefreshable, unsealCredentials } from '../channel/channel.ts';
import { countRefusals, markNeedsReconnect } from '../channel/credentials.repository.ts';
import { endedFor, refreshCredentials, type Refreshed } from '../channel/refresh-credentials.ts';
import type { Context } from '../context.ts';
import { retryOrGiveUp, type ClaimedDelivery, type Settlement } from './delivery.ts';
import { waitForAuthor, postpone } from './expiry.ts';
import type { Lease } from './lease.ts';

// A delivery's access to its account. A token is renewed before it expires. A refused token is renewed, or checked with the
// platform. Where only the author can give a new one, the delivery waits. An expired token alone fails no post.

/** With less than this left the token is renewed first, so that it lasts for the attempt. */
const RENEW_BELOW_MS = 2 * 60_000;

/** With less than this left, and no renewal possible now, the attempt is postponed. */
const UNUSABLE_BELOW_MS = 10_000;

const RENEW_AGAIN_MS = 15_000;

/** After this many refusals of a valid token a permission is missing, and waiting does not help. */
const REFUSALS_OF_A_VALID_TOKEN = 3;

export async function openAccess(
  ctx: Context,
  lease: Lease,
  publisher: Publisher,
): Promise<{ credentials: Credentials } | { settlement: Settlement }> {
  const { claim } = lease;
  const { channel } = claim;
  switch (channel.status) {
    case 'disabled':
      return {
        settlement: channel.holdsPosts
          ? waitForAuthor(claim, lease.now(), awaited(publisher.name, channel.handle))
          : { outcome: 'failed', failure: disconnected(publisher.name, channel.handle) },
      };
    case 'needs_reconnect':
      return { settlement: waitForAuthor(claim, lease.now(), endedFor(publisher)) };
    case 'active':
      break;
    default:
      return assertNever(channel.status);
  }
  const credentials = unsealCredentials(ctx.settings.keyring, channel);
  const leftMs = credentials.expiresAt ? Date.parse(credentials.expiresAt) - lease.now().getTime() : Infinity;
  if (leftMs > RENEW_BELOW_MS || !isRefreshable(publisher, credentials)) return { credentials };

  const refreshed = await refreshCredentials(ctx, publisher, channel, lease.signal);
  if (refreshed.outcome === 'refreshed') return { credentials: refreshed.credentials };
  if (refreshed.outcome === 'unavailable' && leftMs > UNUSABLE_BELOW_MS) return { credentials };
  return { settlement: withoutAccess(lease, refreshed) };
}

/**
 * The platform refused this access, and created nothing. Renews the credentials, tries again later, or waits for the author.
 */
export async function recoverAccess(
  ctx: Context,
  attempt: Lease & { publisher: Publisher; call: AccountCall },
  failure: Failure,
): Promise<Settlement> {
  const { claim, publisher, call } = attempt;
  const { channel } = claim;
  if (isRefreshable(publisher, call.credentials)) {
    const refreshed = await refreshCredentials(ctx, publisher, channel, attempt.signal);
    if (refreshed.outcome === 'refreshed') return retryOrGiveUp(claim, 'retry', failure);
    return withoutAccess(attempt, refreshed);
  }
  // One refusal does not end a connection: platforms with trouble refuse valid tokens, too.
  const isValid = await isAccepted(publisher, call);
  if (isValid === undefined || (isValid && !(await isRefusedRepeatedly(ctx, claim)))) {
    return retryOrGiveUp(claim, 'retry', failure);
  }
  await withRetry(() => markNeedsReconnect(ctx.db, { ...channel, reason: failure.reason }));
  ctx.log.warn({ channelId: channel.id, platform: channel.platform }, 'channel needs to be connected again');
  return waitForAuthor(claim, attempt.now(), failure);
}

function withoutAccess(lease: Lease, refreshed: Exclude<Refreshed, { outcome: 'refreshed' }>): Settlement {
  if (refreshed.outcome === 'refused') return waitForAuthor(lease.claim, lease.now(), refreshed.failure);
  return postpone(lease.claim, RENEW_AGAIN_MS, lease.now(), refreshed.failure);
}

async function isRefusedRepeatedly(ctx: Context, { id, channel }: ClaimedDelivery): Promise<boolean> {
  const before = await withRetry(() => countRefusals(ctx.db, { deliveryId: id, channelId: channel.id }));
  return before + 1 >= REFUSALS_OF_A_VALID_TOKEN;
}

/** Whether the platform accepts the token. Undefined: it could not be asked. */
async function isAccepted(publisher: Publisher, call: AccountCall): Promise<boolean | undefined> {
  try {
    await publisher.identity(call);
    return true;
  } catch (error) {
    if (error instanceof PublisherError) return error.failure.kind === 'auth_expired' ? false : undefined;
    if (error instanceof NoAnswerError) return undefined;
    throw error;
  }
}

function disconnected(platform: string, handle: string): Failure {
  return {
    kind: 'auth_expired',
    actor: 'user',
    reason: `The ${platform} account ${handle} was disconnected. Connect it again, then publish again.`,
  };
}

function awaited(platform: string, handle: string): Failure {
  return {
    kind: 'auth_expired',
    actor: 'user',
    reason: `The ${platform} account ${handle} is disconnected for the moment. The post goes out once it is connected again.`,
  };
}
