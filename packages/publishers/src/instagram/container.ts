import { callIdempotent, bearer, decode, done, type Step } from '../answer.ts';
import type { HttpResponse } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { Created, ofAccount, readStatus, statusRequest, type ContainerStatus } from './api.ts';
import { errors } from './errors.ts';
import { notReady } from './refusals.ts';

/** Waits between the looks at a new container: an image is mostly ready within them, and a worker is not held long. */
const POLL_WAITS_MS = [300, 700, 1_500, 2_500];
const NEW_FOR_MS = 30_000;
/** Of what is older the worker lets go after one look. The advice is to ask once a minute. */
const PAUSES = [
  { untilAgeMs: 60_000, pauseMs: 5_000 },
  { untilAgeMs: 5 * 60_000, pauseMs: 15_000 },
];
const LONGEST_PAUSE_MS = 60_000;

/** Makes a container of a file or of other containers. The answer is its id. */
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
 * Asks until Instagram has done with it, for as long as a worker may be held. A long reel takes longer than that, even an
 * hour: then it is waited for, which uses up no attempt, until Instagram itself calls the container expired.
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
    // A wait that was cut short must not turn into a burst of questions.
    if (call.signal.aborted) break;
  }
  const pause = PAUSES.find(({ untilAgeMs }) => ageMs() < untilAgeMs);
  return notReady(call.now(), pause?.pauseMs ?? LONGEST_PAUSE_MS);
}
