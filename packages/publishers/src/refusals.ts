import type { Actor, Failed, Failure, FailureKind, Retry, WaitUntil } from './publisher.ts';

// Building blocks of the tables of refusals (`<platform>/refusals.ts`). Each row says who has to act: the author, the platform or
// the operator. A row exists only for what the platform itself says. All other refusals get one sentence that is always true
// (`unknownRefusal`).

/** The tables search at most this much of a refusal's text. Platforms send a few sentences. */
const LONGEST_WORDS = 2_000;

export function inShort(words: string): string {
  return words.slice(0, LONGEST_WORDS);
}

/** A code, as a number or as text; undefined for anything else. */
export function integerOf(value: unknown): number | undefined {
  const isTold = typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,9}$/.test(value.trim()));
  return isTold && Number.isInteger(Number(value)) ? Number(value) : undefined;
}

/** For error bodies that come in too many forms for one schema. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type Refusal = Retry | WaitUntil | Failed;

/** Nothing was created, and a retry will not help. */
export function failed(kind: FailureKind, actor: Actor, reason: string): Failed {
  return { outcome: 'failed', failure: { kind, actor, reason } };
}

/** Nothing was created; the platform has a temporary problem. */
export function again(reason: string): Retry {
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason } };
}

/** Nothing was created; the account, or this app with all accounts (`platform`), is over its rate limit until then. */
export function waits(until: Date, reason: string, limits: WaitUntil['limits'] = 'account'): WaitUntil {
  return {
    outcome: 'wait_until',
    until,
    limits,
    failure: { kind: 'rate_limited', actor: 'platform', reason },
  };
}

/** The platform refused in words that no table has. The reason blames nobody; people read the words themselves. */
export function unknownRefusal(name: string): Failed {
  return { outcome: 'failed', failure: unknownFailure(name) };
}

export function unknownFailure(name: string): Failure {
  return {
    kind: 'unknown',
    actor: 'operator',
    reason:
      `${name} refused the post for a reason that SoloSpark does not know. Nothing was published. Where ${name} says ` +
      'why, its words stand beside this; retry the post, or ask whoever runs SoloSpark.',
  };
}
