import { messageOf, type Logger } from '@solospark/foundation';
import {
  createHttpClient,
  type Failure,
  type PublishCall,
  type Publisher,
  type PublishMedia,
} from '@solospark/publishers';
import { baseUrlOf, unsealCredentials } from '../channel/channel.ts';
import type { Context } from '../context.ts';
import { CALL_TIMEOUT_MS, waitOrGiveUp, type Settlement } from '../delivery/delivery.ts';
import { fileFor, fileKey, signMediaUrl, type Media } from '../media/media.ts';
import type { Hold } from './hold.ts';

/** A platform fetches an image within minutes; a container that waits for its turn may take an hour. */
const MEDIA_LINK_MS = 6 * 60 * 60 * 1000;

const OPERATOR_RETRY_MS = 60_000;

export interface OpenedCall {
  publisher: Publisher;
  baseUrl: string;
  call: PublishCall;
}

/** Puts together what a publisher is given, or says at once why it cannot be asked. */
export function openCall(ctx: Context, hold: Hold, log: Logger): OpenedCall | { settlement: Settlement } {
  const { claim } = hold;
  const { channel } = claim;
  const publisher = ctx.findPublisher(claim.platform);
  if (!publisher) return { settlement: waitForOperator(hold, unknownPlatform(claim.platform)) };
  if (channel.status !== 'active') {
    return { settlement: { as: 'failed', failure: notConnected(publisher.name, channel.handle) } };
  }
  const baseUrl = baseUrlOf(publisher, channel, ctx.settings.sandboxUrl);
  if (baseUrl === null) return { settlement: waitForOperator(hold, NO_SANDBOX) };
  try {
    const call: PublishCall = {
      http: createHttpClient({
        baseUrl,
        timeoutMs: CALL_TIMEOUT_MS,
        signal: hold.signal,
        beforeSend: () => hold.noteAsking(),
      }),
      credentials: unsealCredentials(ctx.settings.keyring, channel),
      text: claim.text,
      media: claim.media.map((media) => toPublish(ctx, hold, publisher, media)),
      account: { remoteAccountId: channel.remoteAccountId, handle: channel.handle },
      witness: claim.witness,
      sentBefore: claim.sentBefore,
      remember: (facts) => hold.remember(facts),
      now: () => hold.now(),
      signal: hold.signal,
      log,
    };
    return { publisher, baseUrl, call };
  } catch (error) {
    return { settlement: { as: 'failed', failure: unreadableCredentials(publisher.name, error) } };
  }
}

/** The file that fits the platform, made when it was uploaded: no image is worked on when a post is due. */
function toPublish(ctx: Context, hold: Hold, publisher: Publisher, media: Media): PublishMedia {
  const { id, altText } = media;
  const { name, ...file } = fileFor(media, publisher.limits.media);
  return {
    id,
    altText,
    ...file,
    bytes: () => ctx.files.read(fileKey({ id, organizationId: hold.claim.organizationId }, name)),
    publicUrl: () => {
      const expiresAt = new Date(hold.now().getTime() + MEDIA_LINK_MS);
      return signMediaUrl(ctx.settings, id, expiresAt, name);
    },
  };
}

/** Another worker may be set up better, or this one soon: a rolling deploy must not cost a post. */
function waitForOperator(hold: Hold, failure: Failure): Settlement {
  const now = hold.now();
  return waitOrGiveUp(hold.claim, new Date(now.getTime() + OPERATOR_RETRY_MS), now, failure);
}

function unknownPlatform(platform: string): Failure {
  return {
    kind: 'misconfigured',
    actor: 'operator',
    reason: `This server does not know the platform "${platform}". Ask whoever runs it to update it.`,
  };
}

function notConnected(platform: string, handle: string): Failure {
  return {
    kind: 'auth_expired',
    actor: 'user',
    reason: `${platform} no longer lets us post as ${handle}. Reconnect the channel, then publish again.`,
  };
}

function unreadableCredentials(platform: string, error: unknown): Failure {
  return {
    kind: 'misconfigured',
    actor: 'operator',
    reason: `The stored access to ${platform} cannot be opened. Ask whoever runs this server to check SEALING_KEYS.`,
    detail: messageOf(error),
  };
}

const NO_SANDBOX: Failure = {
  kind: 'misconfigured',
  actor: 'operator',
  reason: 'The channel lives on the platform sandbox, and this worker has no SANDBOX_URL.',
};
