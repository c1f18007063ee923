import { callIdempotent, bearer, decode, done, type Step } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { Created, ofAccount, readStatus, statusRequest, type ContainerStatus } from './api.ts';
import { errors } from './errors.ts';
import { notReady } from './refusals.ts';

/** Waits between the checks of a new container. Most images are ready in this time, and the worker's slot is soon free. */
const POLL_WAITS_MS = [300, 700, 1_500, 2_500];
const NEW_FOR_MS = 30_000;
/** An older container is checked once, then the delivery waits this long. Meta advises one check a minute. */
const PAUSES = [
  { untilAgeMs: 60_000, pauseMs: 5_000 },
  { untilAgeMs: 5 * 60_000, pauseMs: 15_000 },
];
const LONGEST_PAUSE_MS = 60_000;

/** Makes a container of a file or of other containers. Returns its id. */
export function makeContainer<Other = never>(
  call: PublishCall,
  parameters: Record<string, unknown>,
  readOther?: (response: HttpResponse) => Other | undefined,
): Promise<Step<string | Other>> {
  return callIdempotent<string, Other>(
    call,
    errors,
    { method: 'POST', path: ofAccount(call, 'media'), headers: bearer(call), json: parameters },
    (response) => decode(Created, response)?.id,
    readOther,
  );
}

/**
 * Asks until Instagram has processed the container, for a few seconds at most. A long reel can take an hour: then the delivery
 * waits without using an attempt, until Instagram reports the container as expired.
 */
export async function waitForContainer(
  call: PublishCall,
  container: { id: string; createdAt: Date },
): Promise<Step<ContainerStatus>> {
  const ageMs = () => call.now().getTime() - container.createdAt.getTime();
  const waitsMs = ageMs() < NEW_FOR_MS ? POLL_WAITS_MS : [];
  for (const waitMs of [...waitsMs, null]) {
    const asked = await callIdempotent(call, errors, statusRequest(call, container.id), readStatus);
    if (asked.outcome !== 'done') return asked;
    if (asked.value.status_code !== 'IN_PROGRESS') return done(asked.value);
    if (waitMs !== null) await call.sleep(waitMs);
    // Without this, aborted waits would become a burst of requests.
    if (call.signal.aborted) break;
  }
  const pause = PAUSES.find(({ untilAgeMs }) => ageMs() < untilAgeMs);
  return notReady(call.now(), pause?.pauseMs ?? LONGEST_PAUSE_MS);
}
