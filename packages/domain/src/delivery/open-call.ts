import { SealError, sleep, type Logger } from '@solospark/foundation';
import type { Failure, PublishCall, Publisher, PublishMedia } from '@solospark/publishers';
import { limitsOf } from '../channel/limits.ts';
import { baseUrlOf, CALL_TIMEOUT_MS, clientFor } from '../channel/place.ts';
import type { Context } from '../context.ts';
import type { Settlement } from './delivery.ts';
import { postpone } from './late-policy.ts';
import { fileFor, fileKey, signMediaUrl } from '../media/media.ts';
import { tryLink } from '../media/try-link.ts';
import { verifyFile } from '../media/verify-file.ts';
import { versionFor } from '../channel/api-version.ts';
import { openAccess } from './access.ts';
import type { Hold } from './hold.ts';
import { noteReads, noteRequests } from './note-steps.ts';

/** A platform fetches an image within minutes; a container that waits for its turn may take an hour. */
const MEDIA_LINK_MS = 6 * 60 * 60 * 1000;

const OPERATOR_RETRY_MS = 60_000;

export interface OpenedCall {
  publisher: Publisher;
  baseUrl: string;
  call: PublishCall;
}

/** Puts together what a publisher is given, or says at once why it cannot be asked. */
export async function openCall(
  ctx: Context,
  hold: Hold,
  log: Logger,
): Promise<OpenedCall | { settlement: Settlement }> {
  const { claim } = hold;
  const { channel } = claim;
  const publisher = ctx.findPublisher(claim.platform);
  if (!publisher) return { settlement: waitForOperator(hold, unknownPlatform(claim.platform)) };
  const baseUrl = baseUrlOf(publisher, channel, ctx.settings.sandboxUrl);
  if (baseUrl === null) return { settlement: waitForOperator(hold, NO_SANDBOX) };
  try {
    const access = await openAccess(ctx, hold, publisher);
    if ('settlement' in access) return access;
    const call: PublishCall = {
      http: noteRequests(
        hold,
        clientFor(channel, ctx.settings, {
          baseUrl,
          timeoutMs: CALL_TIMEOUT_MS,
          signal: hold.signal,
          onRequest: () => hold.noteAsking(),
        }),
      ),
      credentials: access.credentials,
      ...versionFor(ctx.settings, claim.platform),
      delivery: { id: claim.id, createdAt: claim.createdAt },
      text: claim.text,
      settings: claim.settings,
      media: toPublish(ctx, hold, publisher).map((file) => noteReads(hold, file)),
      account: { remoteAccountId: channel.remoteAccountId, handle: channel.handle },
      witness: claim.witness,
      sentBefore: claim.sentBefore,
      remember: (facts) => hold.remember(facts),
      now: () => hold.now(),
      sleep: (ms) => sleep(ms, hold.signal),
      signal: hold.signal,
      log,
    };
    return { publisher, baseUrl, call };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { settlement: waitForOperator(hold, unreadableCredentials(publisher.name, error)) };
  }
}

/**
 * The files that fit the platform, made when they were uploaded: no image is worked on when a post is due. All of them are
 * compared with what was uploaded before the first byte, or the first link, of any is given away.
 */
function toPublish(ctx: Context, hold: Hold, publisher: Publisher): PublishMedia[] {
  const { claim, signal } = hold;
  const files = claim.media.map((media) => {
    const { rendition, sha256, ...file } = fileFor(media, limitsOf(publisher, claim.channel).media);
    const key = fileKey({ id: media.id, organizationId: claim.organizationId }, rendition);
    return { id: media.id, rendition, sha256, file, key };
  });
  let verifying: Promise<Map<string, string>> | undefined;
  async function verifyAll(): Promise<Map<string, string>> {
    const versions = new Map<string, string>();
    for (const { key, sha256, file } of files) {
      versions.set(key, await verifyFile(ctx.files, { key, sha256, byteSize: file.byteSize }));
    }
    return versions;
  }
  const versionOf = async (key: string) => (await (verifying ??= verifyAll())).get(key);

  return files.map(({ id, rendition, file, key }) => ({
    id,
    ...file,
    bytes: async (range) => ctx.files.read(key, range, await versionOf(key)),
    async publicUrl() {
      await versionOf(key);
      const expiresAt = new Date(hold.now().getTime() + MEDIA_LINK_MS);
      const url = signMediaUrl(ctx.settings, id, expiresAt, rendition);
      await tryLink(url, file, signal);
      return url;
    },
  }));
}

/** Another worker may be set up better, or this one soon: a rolling deploy must not cost a post. */
function waitForOperator(hold: Hold, failure: Failure): Settlement {
  return postpone(hold.claim, OPERATOR_RETRY_MS, hold.now(), failure);
}

function unknownPlatform(platform: string): Failure {
  return {
    kind: 'misconfigured',
    actor: 'operator',
    reason: `This server does not know the platform "${platform}". Ask whoever runs it to update it.`,
  };
}

function unreadableCredentials(platform: string, error: Error): Failure {
  return {
    kind: 'misconfigured',
    actor: 'operator',
    reason: `The stored access to ${platform} cannot be opened. Ask whoever runs this server to check SEALING_KEYS.`,
    detail: error.message,
  };
}

const NO_SANDBOX: Failure = {
  kind: 'misconfigured',
  actor: 'operator',
  reason: 'The channel lives on the platform sandbox, and this worker has no SANDBOX_URL.',
};
