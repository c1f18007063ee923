import type { Failure, Receipt, Settings, Evidence } from '@solospark/publishers';
import type { SealedChannel } from '../channel/channel.ts';
import type { Media } from '../media/media.ts';

// Pure rules of a delivery: how long it is held, when it is tried again, when it is given up.

/** How long a claim holds without being renewed. A killed worker's deliveries are taken over after this. */
export const LEASE_MS = 10_000;

/** How often a living worker renews the leases of what it is working on. */
export const LEASE_RENEWAL_MS = 3_000;

/**
 * How long after `sending` was committed the sender may still open its socket. Far below the lease, so that a worker
 * which slept through its lease finds its own window closed.
 */
export const SEND_WINDOW_MS = 4_000;

/** How long the one public call may take. */
export const PUBLIC_CALL_TIMEOUT_MS = 30_000;

/**
 * How long an attempt may go on without a step forward: a request begun or answered, a part of a file read, something
 * committed. Longer than any single step may take: the last four megabytes of an upload, and as many in the buffers, at
 * 100 kB a second. So an upload of hours goes on while it moves, and a store that hangs costs two minutes.
 */
export const STALL_MS = 2 * 60_000;

/**
 * How long an attempt may take in all, however often it gets a step further: ten minutes, and a second more for each
 * 100 kB of its files, which is the slowest that an upload may be.
 */
export function attemptLimitMs(claim: Pick<ClaimedDelivery, 'media'>): number {
  const bytes = claim.media.reduce((sum, { byteSize }) => sum + byteSize, 0);
  return 10 * 60_000 + Math.ceil(bytes / 100);
}

/** A claim that ends unsent through trouble of our own is handed back so many times; after that it uses up a try. */
export const FREE_HAND_BACKS = 3;

/** Tries that end in a transient failure, before it is given up: with the back-off below, about half an hour. */
export const MAX_ATTEMPTS = 10;

/** How long a platform may leave it unanswered whether a delivery is out, before a person has to look. */
export const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/** How soon what is about to fail is looked for once more. */
const LOOK_UP_BEFORE_FAILING_MS = 1_000;

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 15 * 60 * 1000;

/**
 * Exponential back-off with jitter: half of the delay is fixed, half is random, so that what failed together does
 * not come back together. `attemptsUsed` counts the try that has just failed.
 */
export function retryDelayMs(attemptsUsed: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, attemptsUsed - 1));
  return Math.round(full / 2 + (full / 2) * random());
}

/** A delivery that this process holds, under the fencing number it was given, with all that publishing needs. */
export interface ClaimedDelivery {
  id: string;
  fence: number;
  /** Tells this claim from another one under the same number, which a database that lost its last commits gives out. */
  claimToken: string;
  /** When it was written down. Unlike what is remembered on the way, this is never lost and never written again. */
  createdAt: Date;
  postId: string;
  organizationId: string;
  revision: number;
  platform: string;
  /** Which of the platform's servers it goes to: what fails, is paused and has a budget on its own. */
  endpoint: string;
  text: string;
  media: Media[];
  /** By the platform's own schema. */
  settings: Settings;
  dueAt: Date;
  /** By the database's clock, as every time of a delivery. */
  claimedAt: Date;
  /** Milliseconds since it was due, by the database's clock. */
  sinceDueMs: number;
  /** Milliseconds since it was first tried. */
  triedForMs: number;
  /** How late it may still go out; null: the default. */
  lateLimitMinutes: number | null;
  attemptsUsed: number;
  /** How often a look-up since its last sending has found nothing clear. */
  lookUpCount: number;
  /** Set: an earlier holder may have made the public call. Ask, never send, but for `absenceUnproved`. */
  sendingAt: Date | null;
  /** It was looked for and not found: it may be sent again. But nothing may be said of it yet. */
  absenceUnproved: boolean;
  /** Milliseconds, by the database's clock, until that earlier holder can no longer open its socket. */
  senderGoneInMs: number;
  /** When that call ended, as its sender saw it; null: it never came to say. */
  callEndedAt: Date | null;
  evidence: Evidence;
  /** An earlier attempt made the public call, or may have, and what became of that was never clear. */
  sentBefore: boolean;
  /** Milliseconds for which the platform has asked this account, or all of them, not to post. 0: it has not, or that is over. */
  limitedForMs: number;
  /** The platform has failed somebody since it last answered clearly. */
  platformInDoubt: boolean;
  /** The platform's pause is over, and nothing else is claimed before this one has an answer. */
  isProbe: boolean;
  channel: SealedChannel & {
    handle: string;
    remoteAccountId: string;
    limits: unknown;
    /** While it is disconnected its posts wait, as its author chose; else they fail. */
    holdsPosts: boolean;
  };
}

/**
 * How an attempt ends, in the words that the ledger keeps (`attempt.outcome`). What has ended sets the delivery's status; what is
 * pending says when and how it goes on.
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
  /** For the ledger, where no failure says it. */
  detail?: string;
}

export function isPending(settlement: Settlement): settlement is PendingSettlement {
  return 'afterMs' in settlement;
}

/** No wait is longer: what would be is looked at again then. */
const LONGEST_WAIT_MS = 32 * 24 * 60 * 60 * 1000;
const WAIT_WITHOUT_A_TIME_MS = 60_000;

/** What waits has a time, whatever came of a number from outside: a row without one is never looked at again. */
export function withTime(settlement: Settlement): Settlement {
  if (!isPending(settlement)) return settlement;
  const { afterMs } = settlement;
  const bounded = Number.isFinite(afterMs)
    ? Math.min(Math.max(0, afterMs), LONGEST_WAIT_MS)
    : WAIT_WITHOUT_A_TIME_MS;
  return { ...settlement, afterMs: bounded };
}

/** Whoever is free may begin afresh, after `afterMs`: this holder sent nothing. What may be out already stays so. */
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

/** Trouble of our own kept it from being sent: handed back after a pause, and a failed try once that has happened often. */
export function handBackOrCount(
  claim: Pick<ClaimedDelivery, 'sendingAt' | 'attemptsUsed'>,
  handedBackBefore: number,
  failure: Failure,
): Settlement {
  if (handedBackBefore >= FREE_HAND_BACKS) return retryOrGiveUp(claim, 'retry', failure);
  return handBack(claim, retryDelayMs(handedBackBefore + 1), { failure });
}

/**
 * From when on a public call of an earlier holder can no longer land: it opens its socket within the send window, and the
 * platform carries nothing out that is older than the call's own limit.
 */
export function landedBy(claim: Pick<ClaimedDelivery, 'claimedAt' | 'senderGoneInMs' | 'callEndedAt'>): Date {
  const windowMs = claim.claimedAt.getTime() + claim.senderGoneInMs + PUBLIC_CALL_TIMEOUT_MS;
  return new Date(Math.max(windowMs, claim.callEndedAt?.getTime() ?? 0));
}

/**
 * What may be out is not said to have failed by a claim that did not look for it, be it that a later try was refused or that
 * nothing could be asked: it is looked for, once more, or a person decides.
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

/** For what may be out and could not be looked for: its author has to look. */
export function mayBeOutUnseen(failure: Failure): Settlement {
  const reason = `It may be out, and could not be looked for. ${failure.reason}`;
  return {
    outcome: 'uncertain',
    failure: { kind: 'unknown', actor: 'user', reason, detail: failure.reason },
  };
}
