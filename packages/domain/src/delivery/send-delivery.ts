import { isTransient, withRetry } from '@solospark/db';
import { assertNever, messageOf } from '@solospark/foundation';
import { NoAnswerError, type Failure, type PrepareOutcome, type Publisher } from '@solospark/publishers';
import { clientFor } from '../channel/place.ts';
import {
  handBackOrCount,
  PUBLIC_CALL_TIMEOUT_MS,
  retryOrGiveUp,
  stillInDoubt,
  type Settlement,
} from './delivery.ts';
import { countHandBacks } from './hand-back.repository.ts';
import { waitOrGiveUp } from './late-policy.ts';
import { recoverAccess } from './access.ts';
import { reach } from './steps.ts';
import { fileTrouble } from './file-trouble.ts';
import { SupersededError, TooLateToSendError, type Hold } from './hold.ts';
import { interrupted } from './interruption.ts';
import { noteRequests } from './note-steps.ts';
import type { OpenedCall } from './open-call.ts';
import { reconcileDelivery } from './reconcile-delivery.ts';
import { keepLimit, takeRate } from './take-rate.ts';
import type { Context } from '../context.ts';

/** Prepares, commits `sending`, makes the one public call, and says what came of it. */
export async function sendDelivery(ctx: Context, hold: Hold, opened: OpenedCall): Promise<Settlement> {
  const prepared = await prepare(ctx, hold, opened);
  // What an earlier sending may have put out stays in doubt, whatever becomes of this try.
  const inDoubt = (settlement: Settlement) => stillInDoubt(hold.claim, settlement);
  if (hold.signal.aborted) return inDoubt(interrupted(hold));
  if (prepared.outcome !== 'ready') return inDoubt(await refused(ctx, hold, opened, 'prepare', prepared));

  const wait = await withRetry(() => takeRate(ctx, hold, opened.publisher));
  if (wait) return inDoubt(waitOrGiveUp(hold.claim, wait.until, hold.now(), wait.failure));

  let sendingSince = hold.now();
  try {
    sendingSince = await hold.commitSending();
    const outcome = await opened.publisher.publish({
      ...opened.call,
      http: sendingClient(ctx, hold, opened),
    });
    reach('after-answer');
    if (outcome.outcome === 'published') return { as: 'published', receipt: outcome.receipt };
    if (outcome.outcome !== 'uncertain') return inDoubt(await refused(ctx, hold, opened, 'publish', outcome));
    opened.call.log.warn({ detail: outcome.detail }, 'outcome unclear');
  } catch (error) {
    if (error instanceof SupersededError) throw error;
    if (!hold.hasSent()) return inDoubt(await notSent(ctx, hold, opened, error));
    opened.call.log.warn({ err: error }, 'outcome unclear');
  }
  return reconcileDelivery(hold, opened, { sendingSince, callEndedAt: hold.now() });
}

/** For the public call: it passes the deadline check when the connection is there, before the first byte; never aborted. */
function sendingClient(ctx: Context, hold: Hold, opened: OpenedCall) {
  const client = clientFor(hold.claim.channel, ctx.settings, {
    baseUrl: opened.baseUrl,
    timeoutMs: PUBLIC_CALL_TIMEOUT_MS,
    onRequest: () => hold.noteAsking(),
    beforeSend: (request) => hold.assertMaySend(request.method),
  });
  return noteRequests(hold, client);
}

function troubleOf(ctx: Context, hold: Hold, { publisher }: OpenedCall, error: unknown) {
  return fileTrouble(error, publisher.name, ctx.settings.publicUrl, hold.now());
}

async function prepare(ctx: Context, hold: Hold, opened: OpenedCall): Promise<PrepareOutcome> {
  const { publisher, call } = opened;
  try {
    return await publisher.prepare(call);
  } catch (error) {
    if (error instanceof SupersededError) throw error;
    const trouble = troubleOf(ctx, hold, opened, error);
    if (trouble) return trouble;
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
async function notSent(ctx: Context, hold: Hold, opened: OpenedCall, error: unknown): Promise<Settlement> {
  const { publisher, call } = opened;
  if (hold.signal.aborted) return interrupted(hold);
  const trouble = troubleOf(ctx, hold, opened, error);
  if (trouble) return refused(ctx, hold, opened, 'publish', trouble);
  // Before the database: its code (`ECONNREFUSED`) is also what that says when it is away.
  if (error instanceof NoAnswerError) return retryOrGiveUp(hold.claim, 'retry', notReached(publisher, error));
  const detail = messageOf(error);
  const ours = { kind: 'unknown', actor: 'operator', detail } as const;
  if (error instanceof TooLateToSendError || isTransient(error)) {
    const why =
      error instanceof TooLateToSendError
        ? 'This server was too slow to send the post once it was ready, so it was not sent.'
        : 'The database of this server was away just before the post was sent, so it was not sent.';
    const before = await withRetry(() => countHandBacks(ctx.db, hold.claim.id));
    return handBackOrCount(hold.claim, before, { ...ours, reason: `${why} It will be tried again.` });
  }
  // Handed back it would be here again at once, with the same mistake.
  call.log.error({ err: error }, 'not sent');
  return retryOrGiveUp(hold.claim, 'retry', {
    ...ours,
    reason: 'Something went wrong on this server before the post was sent. It will be tried again.',
  });
}

type Refused = Exclude<PrepareOutcome, { outcome: 'ready' }>;

async function refused(
  ctx: Context,
  hold: Hold,
  opened: OpenedCall,
  step: 'prepare' | 'publish',
  answer: Refused,
): Promise<Settlement> {
  switch (answer.outcome) {
    case 'retry':
      return retryOrGiveUp(hold.claim, 'retry', answer.failure);
    case 'wait-until':
      return waitOrGiveUp(hold.claim, await keepLimit(ctx, hold, step, answer), hold.now(), answer.failure);
    case 'failed':
      if (answer.failure.kind === 'auth_expired') return recoverAccess(ctx, hold, opened, answer.failure);
      return { as: 'failed', failure: answer.failure };
    default:
      return assertNever(answer);
  }
}
