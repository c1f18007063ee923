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

// A delivery's access to its account: renewed before it ends, renewed or examined when the platform will not have it, and
// waited for when only its author can give a new one. An expired token costs nobody a post.

/** With less than this left it is renewed first, so that it lasts for the attempt. */
const ENOUGH_MS = 2 * 60_000;

/** With less than this left, and not to be renewed just now, it is not tried. */
const TOO_LITTLE_MS = 10_000;

const RENEW_AGAIN_MS = 15_000;

/** So many refusals of a token that is good lack a permission, and not a better hour. */
const TRIES_OF_A_GOOD_TOKEN = 3;

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
  if (leftMs > ENOUGH_MS || !isRefreshable(publisher, credentials)) return { credentials };

  const refreshed = await refreshCredentials(ctx, publisher, channel, lease.signal);
  if (refreshed.outcome === 'refreshed') return { credentials: refreshed.credentials };
  if (refreshed.outcome === 'unavailable' && leftMs > TOO_LITTLE_MS) return { credentials };
  return { settlement: withoutAccess(lease, refreshed) };
}

/** The platform refused this access, and created nothing. Whose turn is it: ours, nobody's, or the author's? */
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
  // One refusal ends no connection: in bad hours platforms refuse tokens that are good.
  const isGood = await isAccepted(publisher, call);
  if (isGood === undefined || (isGood && !(await isRefusedAgainAndAgain(ctx, claim)))) {
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

async function isRefusedAgainAndAgain(ctx: Context, { id, channel }: ClaimedDelivery): Promise<boolean> {
  const before = await withRetry(() => countRefusals(ctx.db, { deliveryId: id, channelId: channel.id }));
  return before + 1 >= TRIES_OF_A_GOOD_TOKEN;
}

/** Undefined: could not be asked. */
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
