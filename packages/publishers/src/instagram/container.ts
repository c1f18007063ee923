import { sleep } from '@solospark/foundation';
import { askQuietly, bearer, decode, done, type Step } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { Created, ofAccount, readStatus, statusRequest, type ContainerStatus } from './api.ts';
import { dialect, notReady } from './errors.ts';

/** Waits between the looks at a new container: an image is mostly ready within them, and a worker is not held long. */
const POLL_WAITS_MS = [300, 700, 1_500, 2_500];
const SLOW_AFTER_MS = 5 * 60_000;
const SLOW_PAUSE_MS = 60_000;

/** Makes a container of an image or of other containers. The answer is its id. */
export function makeContainer<Other = never>(
  call: PublishCall,
  parameters: Record<string, unknown>,
  readOther?: (response: HttpResponse) => Other | undefined,
): Promise<Step<string | Other>> {
  return askQuietly<string, Other>(
    call,
    dialect,
    { method: 'POST', path: ofAccount(call, 'media'), headers: bearer(call), json: parameters },
    (response) => decode(Created, response)?.id,
    readOther,
  );
}

export function imageParameters(image: PublishMedia): Record<string, unknown> {
  return { image_url: image.publicUrl(), ...(image.altText ? { alt_text: image.altText } : {}) };
}

export function captionParameters(call: PublishCall): Record<string, unknown> {
  return call.text === '' ? {} : { caption: call.text };
}

/** Asks until Instagram has done with it, for as long as a worker may be held. */
export async function waitForContainer(
  call: PublishCall,
  container: { id: string; createdAt: Date },
): Promise<Step<ContainerStatus>> {
  for (const waitMs of [...POLL_WAITS_MS, null]) {
    const asked = await askQuietly(call, dialect, statusRequest(call, container.id), readStatus);
    if (asked.outcome !== 'done') return asked;
    if (asked.value.status_code !== 'IN_PROGRESS') return done(asked.value);
    if (waitMs !== null) await sleep(waitMs, call.signal);
    // A wait that was cut short must not turn into a burst of questions.
    if (call.signal.aborted) return notReady(call.now());
  }
  const isSlow = call.now().getTime() - container.createdAt.getTime() > SLOW_AFTER_MS;
  return notReady(call.now(), isSlow ? SLOW_PAUSE_MS : undefined);
}
