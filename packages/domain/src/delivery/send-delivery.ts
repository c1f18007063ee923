import { isTransient, withRetry } from '@solospark/db';
import { assertNever, messageOf } from '@solospark/foundation';
import { NoAnswerError, type Failure, type PrepareOutcome, type Publisher } from '@solospark/publishers';
import { clientFor } from '../channel/endpoint.ts';
import {
  handBackOrCount,
  PUBLIC_CALL_TIMEOUT_MS,
  retryOrGiveUp,
  stillInDoubt,
  type Settlement,
} from './delivery.ts';
import { countHandBacks } from './lease.repository.ts';
import { waitOrGiveUp } from './expiry.ts';
import { recoverAccess } from './access.ts';
import { reach } from './steps.ts';
import { fileTrouble } from './file-trouble.ts';
import { SupersededError, TooLateToSendError } from './lease.ts';
import { interrupted } from './deadline.ts';
import { noteRequests, type Attempt } from './open-attempt.ts';
import { lookUpDelivery } from './look-up-delivery.ts';
import { keepLimit, takeRate } from './rate-limit.ts';
import type { Context } from '../context.ts';

/** Prepares, commits `sending`, makes the one public call, and returns what came of it. */
export async function sendDelivery(ctx: Context, attempt: Attempt): Promise<Settlement> {
  const prepared = await prepare(ctx, attempt);
  // If an earlier call may have published the post, that stays in doubt, whatever this try ends with.
  const inDoubt = (settlement: Settlement) => stillInDoubt(attempt.claim, settlement);
  if (attempt.signal.aborted) return inDoubt(interrupted(attempt));
  if (prepared.outcome !== 'ready') return inDoubt(await refused(ctx, attempt, 'prepare', prepared));

  const wait = await withRetry(() => takeRate(ctx, attempt));
  if (wait) return inDoubt(waitOrGiveUp(attempt.claim, wait.until, attempt.now(), wait.failure));

  let sendingSince = attempt.now();
  try {
    sendingSince = await attempt.commitSending();
    const outcome = await attempt.publisher.publish({
      ...attempt.call,
      http: sendingClient(ctx, attempt),
    });
    reach('after-answer');
    if (outcome.outcome === 'published') return { outcome: 'published', receipt: outcome.receipt };
    if (outcome.outcome !== 'unclear') return inDoubt(await refused(ctx, attempt, 'publish', outcome));
    attempt.call.log.warn({ detail: outcome.detail }, 'outcome unclear');
  } catch (error) {
    if (error instanceof SupersededError) throw error;
    if (!attempt.hasSent()) return inDoubt(await notSent(ctx, attempt, error));
    attempt.call.log.warn({ err: error }, 'outcome unclear');
  }
  return lookUpDelivery(attempt, { sendingSince, callEndedAt: attempt.now() });
}

/**
 * The client of the public call. It checks the send window once it is connected, before the first byte; it is never aborted.
 */
function sendingClient(ctx: Context, attempt: Attempt) {
  const client = clientFor(attempt.claim.channel, ctx.settings, {
    baseUrl: attempt.baseUrl,
    timeoutMs: PUBLIC_CALL_TIMEOUT_MS,
    onRequest: () => attempt.noteAsking(),
    beforeSend: (request) => attempt.assertMaySend(request.method),
  });
  return noteRequests(attempt, client);
}

function troubleOf(ctx: Context, attempt: Attempt, error: unknown) {
  return fileTrouble(error, attempt.publisher.name, ctx.settings.publicUrl, attempt.now());
}

async function prepare(ctx: Context, attempt: Attempt): Promise<PrepareOutcome> {
  const { publisher, call } = attempt;
  try {
    return await publisher.prepare(call);
  } catch (error) {
    if (error instanceof SupersededError) throw error;
    const trouble = troubleOf(ctx, attempt, error);
    if (trouble) return trouble;
    // Nothing public was created, so it may be tried again after any error.
    if (error instanceof NoAnswerError) return { outcome: 'retry', failure: notReached(publisher, error) };
    const failure: Failure = {
      kind: 'unknown',
      actor: 'operator',
      reason:
        'Something went wrong on this server while the post was being prepared. It will be tried again.',
      detail: messageOf(error),
    };
    return { outcome: 'retry', failure };
  }
}

function notReached({ name }: Publisher, { message }: NoAnswerError): Failure {
  return {
    kind: 'unavailable',
    actor: 'platform',
    reason: `${name} could not be reached. It will be tried again.`,
    detail: message,
  };
}

/** Nothing was sent: the send window had closed, the worker stops, the database or the platform is away, or we have a bug. */
async function notSent(ctx: Context, attempt: Attempt, error: unknown): Promise<Settlement> {
  const { publisher, call } = attempt;
  if (attempt.signal.aborted) return interrupted(attempt);
  const trouble = troubleOf(ctx, attempt, error);
  if (trouble) return refused(ctx, attempt, 'publish', trouble);
  // Checked before the database: a database that is away has the same error code (`ECONNREFUSED`).
  if (error instanceof NoAnswerError)
    return retryOrGiveUp(attempt.claim, 'retry', notReached(publisher, error));
  const detail = messageOf(error);
  const ours = { kind: 'unknown', actor: 'operator', detail } as const;
  if (error instanceof TooLateToSendError || isTransient(error)) {
    const why =
      error instanceof TooLateToSendError
        ? 'This server was too slow to send the post once it was ready, so it was not sent.'
        : 'The database of this server was away just before the post was sent, so it was not sent.';
    const before = await withRetry(() => countHandBacks(ctx.db, attempt.claim.id));
    return handBackOrCount(attempt.claim, before, { ...ours, reason: `${why} It will be tried again.` });
  }
  // Not handed back: it would fail in the same way again at once.
  call.log.error({ err: error }, 'not sent');
  return retryOrGiveUp(attempt.claim, 'retry', {
    ...ours,
    reason: 'Something went wrong on this server before the post was sent. It will be tried again.',
  });
}

type Refused = Exclude<PrepareOutcome, { outcome: 'ready' }>;

async function refused(
  ctx: Context,
  attempt: Attempt,
  step: 'prepare' | 'publish',
  answer: Refused,
): Promise<Settlement> {
  switch (answer.outcome) {
    case 'retry':
      return retryOrGiveUp(attempt.claim, 'retry', answer.failure);
    case 'wait_until':
      return waitOrGiveUp(
        attempt.claim,
        await keepLimit(ctx, attempt, step, answer),
        attempt.now(),
        answer.failure,
      );
    case 'failed':
      if (answer.failure.kind === 'auth_expired') return recoverAccess(ctx, attempt, answer.failure);
      return { outcome: 'failed', failure: answer.failure };
    default:
      return assertNever(answer);
  }
}
