import type { Actor, Failed, Failure, FailureKind, Retry, WaitUntil } from './publisher.ts';

// What the platforms' tables of refusals (`<platform>/refusals.ts`) are made of. Each row says whose turn it is: the author's,
// the platform's, or the operator's. A row is written only where the platform says so itself; for everything else there is one
// sentence that is always true.

/** What a platform says of a refusal is a few sentences; tables look for words in no more of it. */
const LONGEST_WORDS = 2_000;

export function inShort(words: string): string {
  return words.slice(0, LONGEST_WORDS);
}

/** A code, also where it is told as text; undefined for what is none. */
export function integerOf(value: unknown): number | undefined {
  const isTold = typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,9}$/.test(value.trim()));
  return isTold && Number.isInteger(Number(value)) ? Number(value) : undefined;
}

/** For bodies that platforms word in more ways than one schema has. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type Refusal = Retry | WaitUntil | Failed;

/** Nothing was created, and trying again by itself will not help. */
export function failed(kind: FailureKind, actor: Actor, reason: string): Failed {
  return { outcome: 'failed', failure: { kind, actor, reason } };
}

/** Nothing was created; the platform is in trouble for the moment. */
export function again(reason: string): Retry {
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason } };
}

/** Nothing was created; the account, or this app with all its accounts (`platform`), has had enough until then. */
export function waits(until: Date, reason: string, limits: WaitUntil['limits'] = 'account'): WaitUntil {
  return {
    outcome: 'wait_until',
    until,
    limits,
    failure: { kind: 'rate_limited', actor: 'platform', reason },
  };
}

/** It said no in its own words, and these stand in no table. Blames nobody: what the words mean is for people to read. */
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
