import { isTransient, withRetry } from '@solospark/db';
import { assertNever, messageOf } from '@solospark/foundation';
import { NoAnswerError, type Failure, type PrepareOutcome, type Publisher } from '@solospark/publishers';
import { clientFor } from '../channel/place.ts';
import {
  PUBLIC_CALL_TIMEOUT_MS,
  retryOrGiveUp,
  waitOrGiveUp,
  type Settlement,
} from '../delivery/delivery.ts';
import { recoverAccess } from './access.ts';
import { failPoint } from './fail-points.ts';
import { SupersededError, TooLateToSendError, type Hold } from './hold.ts';
import type { OpenedCall } from './open-call.ts';
import { reconcileDelivery } from './reconcile-delivery.ts';
import { takeRate } from './take-rate.ts';
import type { Context } from '../context.ts';

/** Prepares, commits `sending`, makes the one public call, and says what came of it. */
export async function sendDelivery(ctx: Context, hold: Hold, opened: OpenedCall): Promise<Settlement> {
  const prepared = await prepare(opened);
  if (hold.signal.aborted) return handBack();
  if (prepared.outcome !== 'ready') return refused(ctx, hold, opened, prepared);

  const wait = await withRetry(() => takeRate(ctx, hold, opened.publisher));
  if (wait) return waitOrGiveUp(hold.claim, wait.until, hold.now(), wait.failure);

  let sendingSince = hold.now();
  try {
    sendingSince = await hold.commitSending();
    const outcome = await opened.publisher.publish({
      ...opened.call,
      http: sendingClient(ctx, hold, opened),
    });
    failPoint('after-answer');
    if (outcome.outcome === 'published') return { as: 'published', receipt: outcome.receipt };
    if (outcome.outcome !== 'uncertain') return await refused(ctx, hold, opened, outcome);
    opened.call.log.warn({ detail: outcome.detail }, 'outcome unclear');
  } catch (error) {
    if (error instanceof SupersededError) throw error;
    if (!hold.hasSent()) return notSent(hold, opened, error);
    opened.call.log.warn({ err: error }, 'outcome unclear');
  }
  return reconcileDelivery(hold, opened, { sendingSince });
}

/** For the public call: it passes the deadline check when the connection is there, before the first byte; never aborted. */
function sendingClient(ctx: Context, hold: Hold, opened: OpenedCall) {
  return clientFor(hold.claim.channel, ctx.settings, {
    baseUrl: opened.baseUrl,
    timeoutMs: PUBLIC_CALL_TIMEOUT_MS,
    onRequest: () => hold.noteAsking(),
    beforeSend: (request) => hold.assertMaySend(request.method),
  });
}

async function prepare({ publisher, call }: OpenedCall): Promise<PrepareOutcome> {
  try {
    return await publisher.prepare(call);
  } catch (error) {
    if (error instanceof SupersededError) throw error;
    // Nothing public was created, so whatever went wrong may be tried again.
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

/** No byte left, so nothing is out: too late, asked to stop, the database or the platform away; or a mistake of ours. */
function notSent(hold: Hold, { publisher, call }: OpenedCall, error: unknown): Settlement {
  // First, as its code (`ECONNREFUSED`) is also what a database that is away says.
  if (error instanceof NoAnswerError) return retryOrGiveUp(hold.claim, 'retry', notReached(publisher, error));
  if (error instanceof TooLateToSendError || hold.signal.aborted || isTransient(error)) return handBack();
  // Handed back it would be here again at once, with the same mistake.
  call.log.error({ err: error }, 'not sent');
  return retryOrGiveUp(hold.claim, 'retry', {
    kind: 'unknown',
    actor: 'operator',
    reason: 'Something went wrong on this server before the post was sent. It will be tried again.',
    detail: messageOf(error),
  });
}

type Refused = Exclude<PrepareOutcome, { outcome: 'ready' }>;

async function refused(ctx: Context, hold: Hold, opened: OpenedCall, answer: Refused): Promise<Settlement> {
  switch (answer.outcome) {
    case 'retry':
      return retryOrGiveUp(hold.claim, 'retry', answer.failure);
    case 'wait-until':
      return waitOrGiveUp(hold.claim, answer.until, hold.now(), answer.failure);
    case 'failed':
      if (answer.failure.kind === 'auth_expired') return recoverAccess(ctx, hold, opened, answer.failure);
      return { as: 'failed', failure: answer.failure };
    default:
      return assertNever(answer);
  }
}

/** Nothing public was done: somebody may start afresh at once. */
function handBack(): Settlement {
  return {
    as: 'pending',
    outcome: 'handed_back',
    afterMs: 0,
    usesAttempt: false,
    mayBeOut: false,
    failure: null,
  };
}
