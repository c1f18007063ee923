import { SealError, sleep, type Logger } from '@solospark/foundation';
import type { Failure, HttpClient, PublishCall, Publisher, PublishMedia } from '@solospark/publishers';
import { versionFor } from '../channel/api-version.ts';
import { baseUrlOf, CALL_TIMEOUT_MS, clientFor } from '../channel/endpoint.ts';
import { limitsOf } from '../channel/limits.ts';
import type { Context } from '../context.ts';
import { fileFor, fileKey, signMediaUrl } from '../media/media.ts';
import { tryLink } from '../media/try-link.ts';
import { verifyFile } from '../media/verify-file.ts';
import { openAccess } from './access.ts';
import type { Settlement } from './delivery.ts';
import { postpone } from './expiry.ts';
import type { Lease } from './lease.ts';

/** How long a media link is valid. A platform fetches an image within minutes; a container in its queue may take an hour. */
const MEDIA_LINK_MS = 6 * 60 * 60 * 1000;

const OPERATOR_RETRY_MS = 60_000;

/** A lease, its publisher, and the call that the publisher is given. */
export interface Attempt extends Lease {
  publisher: Publisher;
  baseUrl: string;
  call: PublishCall;
}

/** Builds the call for the publisher; or returns a settlement at once, if the publisher cannot be called. */
export async function openAttempt(
  ctx: Context,
  lease: Lease,
  log: Logger,
): Promise<Attempt | { settlement: Settlement }> {
  const { claim } = lease;
  const { channel } = claim;
  const publisher = ctx.findPublisher(claim.platform);
  if (!publisher) return { settlement: waitForOperator(lease, unknownPlatform(claim.platform)) };
  const baseUrl = baseUrlOf(publisher, channel, ctx.settings.sandboxUrl);
  if (baseUrl === null) return { settlement: waitForOperator(lease, NO_SANDBOX) };
  try {
    const access = await openAccess(ctx, lease, publisher);
    if ('settlement' in access) return access;
    const http = clientFor(channel, ctx.settings, {
      baseUrl,
      timeoutMs: CALL_TIMEOUT_MS,
      signal: lease.signal,
      onRequest: () => lease.noteAsking(),
    });
    const call: PublishCall = {
      http: noteRequests(lease, http),
      credentials: access.credentials,
      ...versionFor(ctx.settings, claim.platform),
      delivery: { id: claim.id, createdAt: claim.createdAt },
      text: claim.text,
      settings: claim.settings,
      media: toPublish(ctx, lease, publisher),
      account: { remoteAccountId: channel.remoteAccountId, handle: channel.handle },
      evidence: claim.evidence,
      sentBefore: claim.sentBefore,
      remember: (facts) => lease.remember(facts),
      now: () => lease.now(),
      sleep: (ms) => sleep(ms, lease.signal),
      signal: lease.signal,
      log,
    };
    return { ...lease, publisher, baseUrl, call };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { settlement: waitForOperator(lease, unreadableCredentials(publisher.name, error)) };
  }
}

/**
 * The files that fit the platform. They were made at upload, so that no image is converted when a post is due. All files are
 * compared with what was uploaded before the first byte or link of any is given away.
 */
function toPublish(ctx: Context, lease: Lease, publisher: Publisher): PublishMedia[] {
  const { claim, signal } = lease;
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
    async bytes(range) {
      const bytes = await ctx.files.read(key, range, await versionOf(key));
      lease.noteStep();
      return bytes;
    },
    async publicUrl() {
      await versionOf(key);
      const expiresAt = new Date(lease.now().getTime() + MEDIA_LINK_MS);
      const url = signMediaUrl(ctx.settings, id, expiresAt, rendition);
      await tryLink(url, file, signal);
      return url;
    },
  }));
}

/** Counts each request begun or answered as a step: so the deadline can tell a slow upload from one that hangs. */
export function noteRequests(lease: Pick<Lease, 'noteStep'>, http: HttpClient): HttpClient {
  return {
    ...http,
    async request(request) {
      lease.noteStep();
      try {
        return await http.request(request);
      } finally {
        lease.noteStep();
      }
    },
  };
}

/** Waits instead of failing: in a rolling deploy another worker may have the right settings, or this one soon. */
function waitForOperator(lease: Lease, failure: Failure): Settlement {
  return postpone(lease.claim, OPERATOR_RETRY_MS, lease.now(), failure);
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
