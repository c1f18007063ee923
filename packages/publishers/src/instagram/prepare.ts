import { sleep } from '@solospark/foundation';
import { askQuietly, bearer, decode, type Refusal, type Step } from '../answer.ts';
import type { PrepareOutcome, PublishCall, PublishMedia } from '../publisher.ts';
import { containerIdOf, Created, ofAccount, readStatus, statusRequest } from './api.ts';
import { dialect, notReady, readContainerFailure } from './errors.ts';
import { takeBelievedRefusal } from './believed-refusal.ts';

/** Waits between the looks at a new container: an image is mostly ready within them, and a worker is not held long. */
const POLL_WAITS_MS = [300, 700, 1_500, 2_500];
const SLOW_AFTER_MS = 5 * 60_000;
const SLOW_PAUSE_MS = 60_000;

/** Makes the container that Instagram fills from the image's URL, and waits until it can be published. */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  const refusal = await takeBelievedRefusal(call);
  if (refusal) return refusal;

  const [image] = call.media;
  if (!image) return noImage();
  const container = await containerOnce(call, image);
  return container.outcome === 'done' ? waitForContainer(call, container.value) : container;
}

/** One container per delivery for as long as it lives: an account may make 400 in 24 hours. */
async function containerOnce(call: PublishCall, image: PublishMedia): Promise<Step<string>> {
  const existing = containerIdOf(call);
  if (existing) return { outcome: 'done', value: existing };

  const made = await askQuietly(
    call,
    dialect,
    {
      method: 'POST',
      path: ofAccount(call, 'media'),
      headers: bearer(call),
      json: {
        image_url: image.publicUrl(),
        ...(call.text === '' ? {} : { caption: call.text }),
        ...(image.altText ? { alt_text: image.altText } : {}),
      },
    },
    (response) => decode(Created, response)?.id,
  );
  if (made.outcome === 'done') {
    await call.remember({ containerId: made.value, containerCreatedAt: call.now().toISOString() });
  }
  return made;
}

async function waitForContainer(call: PublishCall, containerId: string): Promise<PrepareOutcome> {
  for (const waitMs of [...POLL_WAITS_MS, null]) {
    const asked = await askQuietly(call, dialect, statusRequest(call, containerId), readStatus);
    if (asked.outcome !== 'done') return asked;
    switch (asked.value.status_code) {
      case 'FINISHED':
        return { outcome: 'ready' };
      case 'PUBLISHED':
        // A publish call of an earlier attempt landed after all. `publish` sends nothing then; see there.
        await call.remember({ containerPublished: true });
        return { outcome: 'ready' };
      case 'EXPIRED':
      case 'ERROR':
        return startOver(call, asked.value.status);
      case 'IN_PROGRESS':
        if (waitMs !== null) await sleep(waitMs, call.signal);
        // A wait that was cut short must not turn into a burst of questions.
        if (call.signal.aborted) return notReady(call.now());
    }
  }
  return notReady(call.now(), ageMs(call) > SLOW_AFTER_MS ? SLOW_PAUSE_MS : undefined);
}

/** Neither state can ever be published, so a new container cannot double anything. */
async function startOver(call: PublishCall, status: string | undefined): Promise<Refusal> {
  await call.remember({ containerId: null, containerCreatedAt: null });
  return readContainerFailure(status, call.now());
}

function ageMs(call: PublishCall): number {
  const { containerCreatedAt } = call.witness;
  return typeof containerCreatedAt === 'string' ? call.now().getTime() - Date.parse(containerCreatedAt) : 0;
}

function noImage(): PrepareOutcome {
  const reason = 'Instagram needs an image with every post. Add one.';
  return { outcome: 'failed', failure: { kind: 'rejected_content', actor: 'user', reason } };
}
