import type { Failure, Receipt, Settings, Evidence } from '@solospark/publishers';
import type { SealedChannel } from '../channel/channel.ts';
import type { Media } from '../media/media.ts';

// Pure rules of a delivery: how long its lease lasts, when it is tried again, when it is given up.

/** How long a lease lasts without renewal. After that another worker takes over a killed worker's deliveries. */
export const LEASE_MS = 10_000;

/** How often a worker renews the leases of its running deliveries. */
export const LEASE_RENEWAL_MS = 3_000;

/**
 * How long after `sending` was committed the sender may still open its socket. Far shorter than the lease: a worker that
 * slept past its lease finds the window closed.
 */
export const SEND_WINDOW_MS = 4_000;

/** How long the one public call may take. */
export const PUBLIC_CALL_TIMEOUT_MS = 30_000;

/**
 * How long an attempt may go on without a step forward: a request begun or answered, a part of a file read, something
 * committed. Longer than any single step: the last four megabytes of an upload, and as many in the buffers, at 100 kB a
 * second. So an upload of hours goes on while it moves, and a store that hangs costs two minutes.
 */
export const STALL_MS = 2 * 60_000;

/**
 * How long an attempt may take in all, however many steps it makes: ten minutes, and one more second for each 100 kB of its
 * files, which is the slowest upload allowed.
 */
export function attemptLimitMs(claim: Pick<ClaimedDelivery, 'media'>): number {
  const bytes = claim.media.reduce((sum, { byteSize }) => sum + byteSize, 0);
  return 10 * 60_000 + Math.ceil(bytes / 100);
}

/** So many times a delivery is handed back when faults of this server keep it from being sent; then each uses up a try. */
export const FREE_HAND_BACKS = 3;

/**
 * How many tries may end in a transient failure before a delivery is given up. With the back-off below, they wait 9 to 17
 * minutes in all.
 */
export const MAX_ATTEMPTS = 10;

/** How long it may stay unclear whether a delivery is out, before it becomes uncertain and a person has to look. */
export const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/** How soon a delivery that is about to fail is looked up once more. */
const LOOK_UP_BEFORE_FAILING_MS = 1_000;

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 15 * 60 * 1000;

/**
 * Exponential back-off with jitter: half of the delay is fixed, half is random, so that deliveries that failed together do
 * not come back together. `attemptsUsed` counts the try that has just failed.
 */
export function retryDelayMs(attemptsUsed: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, attemptsUsed - 1));
  return Math.round(full / 2 + (full / 2) * random());
}

/** A delivery that this process has claimed, with its fencing number and all that publishing needs. */
export interface ClaimedDelivery {
  id: string;
  fence: number;
  /**
   * Tells this claim from another one with the same fencing number: a database that lost its last commits gives one out
   * again.
   */
  claimToken: string;
  /** When the row was created. Unlike the evidence, it is never lost and never written again. */
  createdAt: Date;
  postId: string;
  organizationId: string;
  revision: number;
  platform: string;
  /** Which of the platform's servers it goes to. Each server fails, is paused and has a budget on its own. */
  endpoint: string;
  text: string;
  media: Media[];
  /** By the platform's own schema. */
  settings: Settings;
  dueAt: Date;
  /** By the database's clock, like every time of a delivery. */
  claimedAt: Date;
  /** Milliseconds since it was due, by the database's clock. */
  sinceDueMs: number;
  /** Milliseconds since it was first tried. */
  triedForMs: number;
  /** How late it may still go out; null: the default. */
  lateLimitMinutes: number | null;
  attemptsUsed: number;
  /** How many look-ups since its last sending had no clear answer. */
  lookUpCount: number;
  /** Set: an earlier holder may have made the public call. It is looked up and not sent, except with `absenceUnproved`. */
  sendingAt: Date | null;
  /** It was looked up and not found, which is no proof: it may be sent again, but must not be reported as absent. */
  absenceUnproved: boolean;
  /** Milliseconds, by the database's clock, until that earlier holder can no longer open its socket. */
  senderGoneInMs: number;
  /** When that call ended, as its sender recorded it; null: the sender ended before it could record that. */
  callEndedAt: Date | null;
  evidence: Evidence;
  /** An earlier attempt made the public call, or may have, and its result never became clear. */
  sentBefore: boolean;
  /** Milliseconds left of a limit that the platform has set for this account, or for all of them. 0: none. */
  limitedForMs: number;
  /** The platform has failed for some channel since its last clear answer. */
  platformInDoubt: boolean;
  /** The platform's pause is over, and this delivery is its probe: nothing else is claimed until it has an answer. */
  isProbe: boolean;
  channel: SealedChannel & {
    handle: string;
    remoteAccountId: string;
    limits: unknown;
    /** True: while the channel is disconnected its posts wait, as its author chose. False: they fail. */
    holdsPosts: boolean;
  };
}

/**
 * How an attempt ends, in the ledger's own words (`attempt.outcome`). A final outcome sets the delivery's status; a pending
 * one says when and how the delivery goes on.
 */
export type Settlement =
  | { outcome: 'published'; receipt: Receipt }
  | { outcome: 'failed' | 'uncertain'; failure: Failure }
  | PendingSettlement;

export interface PendingSettlement {
  outcome: 'retry' | 'wait_until' | 'absent' | 'ask_again' | 'handed_back';
  afterMs: number;
  usesAttempt: boolean;
  /** True: the public call may have been made; the next claim looks it up before anything else. */
  mayBeOut: boolean;
  /** With `mayBeOut`: the next claim may send it, although nothing has proved that it is not out. */
  absenceUnproved?: boolean;
  /** With `mayBeOut`: when this claim's own public call ended without a clear answer. */
  callEndedAt?: Date;
  failure: Failure | null;
  /** For the ledger, where there is no failure. */
  detail?: string;
}

export function isPending(settlement: Settlement): settlement is PendingSettlement {
  return 'afterMs' in settlement;
}

/** The longest wait: a delivery that has to wait longer is tried then, and waits again. */
const LONGEST_WAIT_MS = 32 * 24 * 60 * 60 * 1000;
const DEFAULT_WAIT_MS = 60_000;

/**
 * Gives every pending settlement a finite wait, whatever number came from outside: a row without a time is never claimed
 * again.
 */
export function withTime(settlement: Settlement): Settlement {
  if (!isPending(settlement)) return settlement;
  const { afterMs } = settlement;
  const bounded = Number.isFinite(afterMs)
    ? Math.min(Math.max(0, afterMs), LONGEST_WAIT_MS)
    : DEFAULT_WAIT_MS;
  return { ...settlement, afterMs: bounded };
}

/** Any worker may start again after `afterMs`: this holder sent nothing. If the delivery may be out already, it stays so. */
export function handBack(
  claim: Pick<ClaimedDelivery, 'sendingAt'>,
  afterMs: number,
  why: { detail: string } | { failure: Failure },
): Settlement {
  return {
    outcome: 'handed_back',
    afterMs,
    usesAttempt: false,
    mayBeOut: claim.sendingAt !== null,
    failure: null,
    ...why,
  };
}

/**
 * A fault of this server kept it from being sent: hands it back after a pause, and counts a failed try once that has happened
 * often.
 */
export function handBackOrCount(
  claim: Pick<ClaimedDelivery, 'sendingAt' | 'attemptsUsed'>,
  handedBackBefore: number,
  failure: Failure,
): Settlement {
  if (handedBackBefore >= FREE_HAND_BACKS) return retryOrGiveUp(claim, 'retry', failure);
  return handBack(claim, retryDelayMs(handedBackBefore + 1), { failure });
}

/**
 * From when on the public call of an earlier holder can no longer land: it opens its socket within the send window, and the
 * platform does not carry out a call after the call's own time limit.
 */
export function landedBy(claim: Pick<ClaimedDelivery, 'claimedAt' | 'senderGoneInMs' | 'callEndedAt'>): Date {
  const windowMs = claim.claimedAt.getTime() + claim.senderGoneInMs + PUBLIC_CALL_TIMEOUT_MS;
  return new Date(Math.max(windowMs, claim.callEndedAt?.getTime() ?? 0));
}

/**
 * A delivery that may be out must not fail in a claim that did not look it up, for example because a later try was refused or
 * nothing could be asked. It is looked up once more, or becomes uncertain and a person decides.
 */
export function stillInDoubt(
  claim: Pick<ClaimedDelivery, 'sendingAt' | 'absenceUnproved'>,
  settlement: Settlement,
): Settlement {
  if (!claim.sendingAt) return settlement;
  if (isPending(settlement)) {
    if (settlement.mayBeOut) return settlement;
    return { ...settlement, mayBeOut: true, absenceUnproved: claim.absenceUnproved };
  }
  if (settlement.outcome !== 'failed') return settlement;
  const { failure } = settlement;
  if (!claim.absenceUnproved) return mayBeOutUnseen(failure);
  return {
    outcome: 'ask_again',
    afterMs: LOOK_UP_BEFORE_FAILING_MS,
    usesAttempt: false,
    mayBeOut: true,
    failure,
  };
}

/** Tries again with back-off, or gives up when the tries are used up. */
export function retryOrGiveUp(
  claim: Pick<ClaimedDelivery, 'attemptsUsed'>,
  outcome: 'retry' | 'absent',
  failure: Failure,
): Settlement {
  const attemptsUsed = claim.attemptsUsed + 1;
  if (attemptsUsed >= MAX_ATTEMPTS) {
    const reason = `${failure.reason} It was tried ${attemptsUsed} times.`;
    return { outcome: 'failed', failure: { ...failure, reason } };
  }
  const afterMs = retryDelayMs(attemptsUsed);
  return { outcome, afterMs, usesAttempt: true, mayBeOut: false, failure };
}

/** For a delivery that may be out and could not be looked up: its author has to look. */
export function mayBeOutUnseen(failure: Failure): Settlement {
  const reason = `It may be out, and could not be looked for. ${failure.reason}`;
  return {
    outcome: 'uncertain',
    failure: { kind: 'unknown', actor: 'user', reason, detail: failure.reason },
  };
}
