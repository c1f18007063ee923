import { done, type Refusal, type Step } from '../answer.ts';
import type { PrepareOutcome, PublishCall } from '../publisher.ts';
import { takeConfirmedRefusal } from './confirmed-refusal.ts';
import { makeCarousel } from './carousel.ts';
import { makeContainer, waitForContainer } from './container.ts';
import { readContainerFailure } from './errors.ts';
import { unfetchedReason } from './media-address.ts';
import { singleParameters } from './parameters.ts';
import { findUsedUpQuota } from './quota.ts';
import { containerIdOf, forgetContainer, keepContainer } from './evidence.ts';

/** Makes the container, for which Instagram fetches the files, and waits until it can be published. */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  const refusal = await takeConfirmedRefusal(call);
  if (refusal) return refusal;

  const container = await containerOnce(call);
  const prepared =
    container.outcome === 'done' ? await waitUntilPublishable(call, container.value) : container;
  return prepared.outcome === 'retry' && prepared.failure.kind === 'media_unavailable'
    ? { ...prepared, failure: { ...prepared.failure, reason: await unfetchedReason(call) } }
    : prepared;
}

/** Makes one container per delivery and keeps it until it expires: an account may make 400 in 24 hours. */
async function containerOnce(call: PublishCall): Promise<Step<string>> {
  const existing = containerIdOf(call);
  if (existing) return done(existing);

  const [file, ...more] = call.media;
  if (!file) return noMedia();
  const usedUp = await findUsedUpQuota(call);
  if (usedUp) return usedUp;
  const made =
    more.length > 0
      ? await makeCarousel(call)
      : await makeContainer(call, await singleParameters(call, file));
  if (made.outcome === 'done') await keepContainer(call, made.value);
  return made;
}

async function waitUntilPublishable(call: PublishCall, id: string): Promise<PrepareOutcome> {
  const { containerCreatedAt } = call.evidence;
  const createdAt = typeof containerCreatedAt === 'string' ? new Date(containerCreatedAt) : call.now();
  const waited = await waitForContainer(call, { id, createdAt });
  if (waited.outcome !== 'done') return waited;
  const { status_code: code, status } = waited.value;
  if (code === 'FINISHED') return { outcome: 'ready' };
  if (code === 'PUBLISHED') {
    // A publish call of an earlier attempt succeeded after all, so `publish` sends nothing.
    await call.remember({ containerPublished: true });
    return { outcome: 'ready' };
  }
  await forgetContainer(call);
  return readContainerFailure(status, call.now());
}

function noMedia(): Refusal {
  const reason = 'Instagram needs an image or a video with every post. Add one.';
  return { outcome: 'failed', failure: { kind: 'rejected_content', actor: 'user', reason } };
}
