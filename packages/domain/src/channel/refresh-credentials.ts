import { withRetry } from '@solospark/db';
import { sleep } from '@solospark/foundation';
import {
  NoAnswerError,
  PublisherError,
  type Credentials,
  type Failure,
  type Publisher,
} from '@solospark/publishers';
import { findOAuthClient } from './find-oauth-client.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { datesOf, isRefreshable, sealCredentials, unsealCredentials, type SealedChannel } from './channel.ts';
import {
  findSealedChannel,
  keepRefreshed,
  leaveRefresh,
  markNeedsReconnect,
  takeRefresh,
} from './credentials.repository.ts';
import { openEndpoint } from './open-endpoint.ts';
import { CALL_TIMEOUT_MS } from './endpoint.ts';

/** Longer than the call to the platform may take, so that no process begins while another may still get an answer. */
const REFRESH_LEASE_MS = CALL_TIMEOUT_MS * 2;

/** How soon a renewal ahead of time is tried again after it failed. */
const REFRESH_AGAIN_MS = 5 * 60_000;

const LOOK_EVERY_MS = 200;

export type Refreshed =
  | { outcome: 'refreshed'; credentials: Credentials }
  /** The platform refuses them for good, or a person has disconnected the channel. */
  | { outcome: 'refused'; failure: Failure }
  /** Nothing is known: the platform could not be asked, or another process takes long. */
  | { outcome: 'unavailable'; failure: Failure };

/**
 * Renews a channel's credentials, or waits for the process that is renewing them: a refresh token may work only once, so one
 * call at a time reaches the platform. New credentials are stored before they are used. Only a clear "no" from the platform
 * ends the connection; a lost or broken answer never does.
 */
export async function refreshCredentials(
  ctx: Context,
  publisher: Publisher,
  channel: Omit<SealedChannel, 'status'>,
  signal?: AbortSignal,
): Promise<Refreshed> {
  const giveUpAt = ctx.clock.monotonicMs() + REFRESH_LEASE_MS;
  const request = { ...channel, forMs: REFRESH_LEASE_MS, againAfterMs: REFRESH_AGAIN_MS };
  for (;;) {
    const until = await withRetry(() => takeRefresh(ctx.db, request));
    if (until) return refreshAlone(ctx, publisher, channel, until);
    const now = await findSealedChannel(ctx.db, channel.id);
    if (!now || now.status !== 'active') return { outcome: 'refused', failure: endedFor(publisher) };
    if (now.credentialsVersion !== channel.credentialsVersion) {
      return { outcome: 'refreshed', credentials: unsealCredentials(ctx.settings.keyring, now) };
    }
    if (signal?.aborted || ctx.clock.monotonicMs() > giveUpAt) {
      return { outcome: 'unavailable', failure: notRenewed(publisher, 'another process is renewing it') };
    }
    await sleep(LOOK_EVERY_MS, signal);
  }
}

async function refreshAlone(
  ctx: Context,
  publisher: Publisher,
  channel: Omit<SealedChannel, 'status'>,
  until: Date,
): Promise<Refreshed> {
  const { keyring } = ctx.settings;
  try {
    const credentials = await askForNew(ctx, publisher, channel);
    const renewed = sealCredentials(keyring, channel, credentials);
    const dates = datesOf(publisher, credentials, ctx.clock.now());
    // The old ones may be invalid now: the new ones must not be lost because the database restarts just then.
    const kept = await withRetry(() => keepRefreshed(ctx.db, { ...channel, ...dates, renewed }), {
      attempts: 40,
    });
    ctx.log.info({ channelId: channel.id, platform: channel.platform, kept }, 'credentials renewed');
    return { outcome: 'refreshed', credentials };
  } catch (error) {
    const failure = failureOf(publisher, error);
    if (!failure) throw error;
    ctx.log.warn(
      { channelId: channel.id, platform: channel.platform, kind: failure.kind, detail: failure.detail },
      'credentials not renewed',
    );
    if (failure.kind !== 'auth_expired') {
      await withRetry(() => leaveRefresh(ctx.db, { ...channel, until }));
      return { outcome: 'unavailable', failure };
    }
    await withRetry(() => markNeedsReconnect(ctx.db, { ...channel, reason: failure.reason }));
    return { outcome: 'refused', failure };
  }
}

/** Undefined for an error that is neither the platform's answer nor for the operator to fix. */
function failureOf(publisher: Publisher, error: unknown): Failure | undefined {
  if (error instanceof PublisherError) return error.failure;
  if (error instanceof NoAnswerError) return notRenewed(publisher, error.message);
  // The server's name now leads to an address that is not public.
  if (error instanceof DomainError && error.cause instanceof NoAnswerError)
    return notRenewed(publisher, error.cause.message);
  // No sandbox, or no app at this platform.
  if (error instanceof DomainError)
    return { kind: 'misconfigured', actor: 'operator', reason: error.message };
  return undefined;
}

async function askForNew(
  ctx: Context,
  publisher: Publisher,
  channel: Omit<SealedChannel, 'status'>,
): Promise<Credentials> {
  const { connection } = publisher;
  const credentials = unsealCredentials(ctx.settings.keyring, channel);
  const endpoint = openEndpoint(ctx, publisher, channel);
  if (connection.refresh === null || !isRefreshable(publisher, credentials)) {
    throw new PublisherError(endedFor(publisher));
  }
  if (connection.kind === 'password') return connection.refresh({ ...endpoint, credentials });
  const app = await findOAuthClient(ctx, publisher, channel);
  return connection.refresh({ ...endpoint, app, credentials });
}

function notRenewed({ name }: Publisher, detail: string): Failure {
  return {
    kind: 'unavailable',
    actor: 'platform',
    reason: `${name} could not be asked to renew the connection. Nothing was published; it is tried again by itself.`,
    detail,
  };
}

export function endedFor({ name }: Publisher): Failure {
  return {
    kind: 'auth_expired',
    actor: 'user',
    reason: `${name} no longer lets us post on this account. Connect the channel again.`,
  };
}
