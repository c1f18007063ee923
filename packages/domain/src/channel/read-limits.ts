import { isTransient, withRetry } from '@solospark/db';
import { SealError } from '@solospark/foundation';
import {
  NoAnswerError,
  PublisherError,
  type Credentials,
  type HttpClient,
  type Limits,
  type Publisher,
} from '@solospark/publishers';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { unsealCredentials, type SealedChannel } from './channel.ts';
import { keepLimits, takeDueForLimits } from './limits.repository.ts';
import { openEndpoint } from './open-endpoint.ts';

/** A server's limits change rarely. */
const READ_EVERY_MS = 24 * 60 * 60_000;
/** After a reading that failed. */
const READ_AGAIN_MS = 60 * 60_000;

const BATCH = 20;

/**
 * Reads the limits of the account's server, and stores them. Undefined when there are none to read, or the server could not
 * be asked: then everything stays as it is.
 */
export async function readLimits(
  ctx: Context,
  publisher: Publisher,
  channel: { id: string },
  open: () => { http: HttpClient; credentials: Credentials },
): Promise<Limits | undefined> {
  if (!publisher.readLimits) return undefined;
  try {
    const limits = await publisher.readLimits(open());
    await withRetry(() => keepLimits(ctx.db, { id: channel.id, limits, againAfterMs: READ_EVERY_MS }));
    return limits;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    ctx.log.warn({ err: error, channelId: channel.id, platform: publisher.id }, 'limits not read');
    return undefined;
  }
}

/** Reads the limits again once a day, since a server may change them, and after an hour where that failed. */
export async function readDueLimits(ctx: Context, platforms: string[]): Promise<void> {
  const differing = platforms.filter((platform) => {
    const publisher = ctx.findPublisher(platform);
    return publisher?.readLimits !== undefined;
  });
  const due = await takeDueForLimits(ctx.db, {
    platforms: differing,
    limit: BATCH,
    againAfterMs: READ_AGAIN_MS,
  });
  // Waits for all of them, also after an error: a process that stops waits for this.
  const read = await Promise.allSettled(due.map((channel) => readAgain(ctx, channel)));
  const failed = read.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}

async function readAgain(ctx: Context, channel: SealedChannel): Promise<void> {
  const publisher = ctx.findPublisher(channel.platform);
  if (!publisher) return;
  await readLimits(ctx, publisher, channel, () => ({
    http: openEndpoint(ctx, publisher, channel).http,
    credentials: unsealCredentials(ctx.settings.keyring, channel),
  }));
}

/** True for a fault of the server, the database or the operator's settings; anything else is a bug of ours. */
function isUnavailable(error: unknown): boolean {
  return (
    isTransient(error) ||
    [PublisherError, NoAnswerError, DomainError, SealError].some((kind) => error instanceof kind)
  );
}
