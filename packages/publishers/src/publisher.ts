import type { Logger } from '@solospark/foundation';
import type { TObject } from 'typebox';
import type { Connection, Credentials } from './connection.ts';
import type { Draft, DraftMedia, Settings, Violation } from './draft.ts';
import type { ByteRange, HttpClient } from './http.ts';
import type { Limits } from './limits.ts';

/**
 * A publisher is our code for one platform: one folder, one `definePublisher`, one line in registry.ts. Its contract has three
 * parts: how a post is published, how an account is connected, and what the platform takes.
 */
export interface Publisher extends PublishFacet, AccountFacet, LimitsFacet {
  /** The platform's id in `channel.platform`: lower case, never renamed. */
  id: string;
  /** The name in sentences. */
  name: string;
  /** The address of the real API. A sandbox channel uses another one. */
  baseUrl: string;
}

/**
 * The engine (packages/domain) takes every delivery through the same steps and commits each one before the next. `prepare` makes
 * the calls that create nothing public, and remembers ids. Then `sending` is committed. Then `publish` makes the ONE public call.
 * If its answer is neither a clear yes nor a clear no, `lookUp` searches for the post, with the evidence that `prepare` left. A
 * publisher must never repeat the public call.
 */
export interface PublishFacet {
  /** Uploads, containers, reads: calls that create nothing public. Idempotent: may be repeated at any time. */
  prepare(call: PublishCall): Promise<PrepareOutcome>;
  /** Makes the post public with one call. An error before its first byte has left means: not sent; after it: outcome unclear. */
  publish(call: PublishCall): Promise<PublishOutcome>;
  /** Finds out whether the post is out. Reads only. A thrown error means: ask again. */
  lookUp(call: Omit<LookUpCall, 'lookedAt'>): Promise<LookUpOutcome>;
  rates: Rates;
  /** The platform fetches the files of a post itself, so their links must be reachable from outside. */
  fetchesMedia?: true;
}

export interface AccountFacet {
  connection: Connection;
  /** The account of the token. Throws `PublisherError` when the platform does not accept the token. */
  identity(call: AccountCall): Promise<Identity>;
  /** The platform has many servers; `baseUrl` is the default one. */
  anyServer?: true;
  /** Set if each call must name a version of the API. */
  apiVersion?: ApiVersion;
}

export interface LimitsFacet {
  /** The platform's limits. If servers differ, the default of a server that tells no limits. */
  limits: Limits;
  /**
   * If servers differ: the limits that the account's server tells, kept within bounds. Throws `PublisherError` when the server
   * could not be asked; the limits known before stay valid.
   */
  readLimits?(call: AccountCall): Promise<Limits>;
  /**
   * The schema of the settings of a post on this platform. A closed object: each field has a default, and a title and a
   * description for a form. An empty object must be valid.
   */
  settings: TObject;
  /**
   * Every rule of the platform that the draft breaks; empty if it may be scheduled. The settings must fit the schema already.
   * `limits` are those of the account's server, if the publisher reads them; by default the platform's own.
   */
  check(draft: Draft, limits?: Limits): Violation[];
  /** What the platform may refuse: its documents disagree or say nothing. The draft may still be scheduled. */
  warn(draft: Draft, limits?: Limits): Violation[];
}

/** For a platform that removes old versions of its API: the version in use, and how long it works. */
export interface ApiVersion {
  default: string;
  /** The form of a version, as a sentence that begins with "must be". */
  rule: string;
  /** Until when the platform guarantees the version; null: this is not a version. */
  endsAt(version: string): Date | null;
}

/** A budget of `max` public calls per `perSeconds`, as the platform documents it. */
export interface Rate {
  max: number;
  perSeconds: number;
}

export interface Rates {
  account: Rate;
  /** The app's limit for all accounts together; null if the platform has none. */
  platform: Rate | null;
}

export interface Identity {
  remoteAccountId: string;
  handle: string;
}

export interface AccountCall {
  http: HttpClient;
  credentials: Credentials;
  /** Set by the operator instead of `apiVersion.default`. */
  apiVersion?: string;
}

export interface PublishMedia extends DraftMedia {
  id: string;
  /** The whole file, or a part of one that is too large for memory. */
  bytes(range?: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * A signed URL that expires, for platforms that fetch the media themselves. It has been tested. Errors of `bytes` and of this
   * are our own failures, so the publisher must rethrow them.
   */
  publicUrl(): Promise<string>;
}

/** Facts in the delivery's row, kept between steps and attempts: upload ids, a container id, the newest own post's id. */
export type Evidence = Record<string, unknown>;

export interface PublishCall extends AccountCall {
  /** For keys that must be the same on every send, even if the evidence was lost. */
  delivery: { id: string; createdAt: Date };
  /** Empty, or has at least one visible character. */
  text: string;
  media: PublishMedia[];
  settings: Settings;
  account: Identity;
  /** The facts that earlier steps of this or an earlier attempt remembered. `remember` keeps it up to date. */
  evidence: Evidence;
  /** True after an unclear send: the post may be out, and nothing has proved or disproved it. */
  sentBefore: boolean;
  /** Commits facts to the delivery's row before it resolves. Throws when another worker has claimed the delivery. */
  remember(facts: Evidence): Promise<void>;
  now(): Date;
  /** Waits on the clock of `now`; ends early when `signal` aborts. Only for seconds: longer waits are a `wait_until`. */
  sleep(ms: number): Promise<void>;
  signal: AbortSignal;
  log: Logger;
}

export interface LookUpCall extends PublishCall {
  /**
   * When the public call may first have been made, by the database's clock. `now` must be on that clock too (within seconds),
   * because "absent" depends on the time between them.
   */
  sendingSince: Date;
  /**
   * When the public call ended without a clear answer, as its sender saw it; absent if the sender could not record it. Until
   * then the call was under way, so the waits of the look-up count from here.
   */
  callEndedAt?: Date;
  /** How many times this look-up has asked before; 0 for the first. */
  asked: number;
  /**
   * When this look-up began, before its first request. "Not found" is only true for this time: the answer may be read much
   * later, for example by a process that was frozen.
   */
  lookedAt: Date;
}

export type FailureKind =
  | 'auth_expired'
  | 'rejected_content'
  | 'rejected_account'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'unavailable'
  | 'misconfigured'
  /** A file or its store could not be read. Not the platform's fault. */
  | 'media_unavailable'
  /** A file's content is not what was uploaded. */
  | 'media_damaged'
  | 'unknown';

/** Who has to act. */
export type Actor = 'user' | 'platform' | 'operator';

export interface Failure {
  kind: FailureKind;
  actor: Actor;
  /** A plain sentence for the author: what happened, and what to do. */
  reason: string;
  /** The platform's answer for the ledger: status, codes, message. Never a token. */
  detail?: string;
  /** The platform's own words for the author: one line of plain text, at most 300 characters. Never a token. */
  platformMessage?: string;
}

/** Proof that the post is out. `url` is null if the platform does not tell it. */
export interface Receipt {
  /** Null if the platform took the post but did not tell its id. */
  remoteId: string | null;
  url: string | null;
}

export interface Published {
  outcome: 'published';
  receipt: Receipt;
}
/** Nothing was created; try again with back-off. Uses up an attempt. */
export interface Retry {
  outcome: 'retry';
  failure: Failure;
}
/** Nothing was created; the platform said when to come back. Uses up no attempt. */
export interface WaitUntil {
  outcome: 'wait_until';
  until: Date;
  /** The scope of a limit (`rate_limited`, `quota_exhausted`): the account (default), or all accounts of this app. */
  limits?: 'account' | 'platform';
  failure: Failure;
}
/** Nothing was created, and trying again will not help. */
export interface Failed {
  outcome: 'failed';
  failure: Failure;
}
/** The post may or may not be out: look it up. */
export interface Unclear {
  outcome: 'unclear';
  detail: string;
  /** The same as in `Failure`. */
  platformMessage?: string;
}
/**
 * The post is not there and may be sent again. With `unproved`, that is not proved: the author has chosen a second send whose
 * answer tells. `unproved` is the sentence for a person if that send never happens.
 */
export interface Absent {
  outcome: 'absent';
  unproved?: string;
}
/** The post is not visible yet, or the platform could not be asked. */
export interface AskAgain {
  outcome: 'ask_again';
  afterMs: number;
  detail: string;
}
/** Nothing can prove it either way; a person decides. */
export interface Uncertain {
  outcome: 'uncertain';
  reason: string;
}

export type PrepareOutcome = { outcome: 'ready' } | Retry | WaitUntil | Failed;
export type PublishOutcome = Published | Retry | WaitUntil | Failed | Unclear;
export type LookUpOutcome = Published | Absent | AskAgain | Uncertain;

/** `identity` or a step of the connection was refused or failed. `failure` says why in plain words. */
export class PublisherError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.reason);
    this.name = 'PublisherError';
    this.failure = failure;
  }
}
