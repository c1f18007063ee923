import type { Logger } from '@solospark/foundation';
import type { TObject } from 'typebox';
import type { Connection, Credentials } from './connection.ts';
import type { Draft, DraftMedia, Settings, Violation } from './draft.ts';
import type { ByteRange, HttpClient } from './http.ts';
import type { Limits } from './limits.ts';

/**
 * A publisher is our code for one platform: one folder, one `definePublisher`, one line in registry.ts. Its contract has three
 * facets: how a post is published, how an account is connected, and what the platform takes.
 */
export interface Publisher extends PublishFacet, AccountFacet, LimitsFacet {
  /** The platform's id as it stands in `channel.platform`: lower case, never renamed. */
  id: string;
  /** What people call it. */
  name: string;
  /** Where its real API lives. A sandbox channel is given another one. */
  baseUrl: string;
}

/**
 * The engine (packages/domain) takes every delivery through the same steps, each committed before the next. `prepare` does
 * everything that creates nothing public and remembers ids as they come. Then `sending` is committed. Then `publish` makes the
 * ONE public call. Whatever is not a clear yes or a clear no goes to `lookUp`, which searches for the post by the evidence that
 * `prepare` left. Nothing in a publisher may repeat the public call.
 */
export interface PublishFacet {
  /** Uploads, containers, reads: all that creates nothing public. May be repeated at any time. */
  prepare(call: PublishCall): Promise<PrepareOutcome>;
  /** The one call that makes the post public. A thrown error means: outcome unclear. */
  publish(call: PublishCall): Promise<PublishOutcome>;
  /** Is it out? Reads only. A thrown error means: could not ask, ask again. */
  lookUp(call: Omit<LookUpCall, 'lookedAt'>): Promise<LookUpOutcome>;
  rates: Rates;
  /** It is given links to a post's files, and fetches them itself: they have to be reachable from outside. */
  fetchesMedia?: true;
}

export interface AccountFacet {
  connection: Connection;
  /** Whose token this is. Throws `PublisherError` when the platform does not accept it. */
  identity(call: AccountCall): Promise<Identity>;
  /** The platform is many servers, and `baseUrl` only the one for whoever names none. */
  anyServer?: true;
  /** Its calls name the version of the API that they are for. */
  apiVersion?: ApiVersion;
}

export interface LimitsFacet {
  /** The platform's own; where servers differ, what one takes unless it says otherwise. */
  limits: Limits;
  /**
   * Where servers differ: what this account's server takes, as it says itself, and within reason. Throws `PublisherError`
   * when it could not be asked; what was known before then goes on.
   */
  readLimits?(call: AccountCall): Promise<Limits>;
  /**
   * What an author may choose for a post on this platform besides its text: a closed object, in which each field has a
   * default, and a title and description that a form can show. An empty object has to be valid.
   */
  settings: TObject;
  /**
   * Every rule of the platform that the draft breaks; empty when it may be scheduled. Its settings fit the schema. `limits`
   * are those of the account's server, where the publisher reads them; without them, the platform's own.
   */
  check(draft: Draft, limits?: Limits): Violation[];
  /** What the platform may refuse, and nobody can tell: its documents disagree, or are silent. It may be scheduled. */
  warn(draft: Draft, limits?: Limits): Violation[];
}

/** A platform that drops the older versions of its API: which one is spoken, and for how long that is answered. */
export interface ApiVersion {
  default: string;
  /** What one looks like, as a sentence that begins with "must be". */
  rule: string;
  /** Until when the platform is sure to answer to it; null: this is no version. */
  endsAt(version: string): Date | null;
}

/** A budget of `max` public calls per `perSeconds`, as the platform documents it. */
export interface Rate {
  max: number;
  perSeconds: number;
}

export interface Rates {
  account: Rate;
  /** All accounts together (the app's own limit); null where the platform has none. */
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
  /** All of it; or a part, of what is too large to be held. */
  bytes(range?: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * A signed URL that expires, for platforms that fetch the media themselves. It has been tried: what `bytes` or this throws
   * is trouble of our own, and has to be thrown on.
   */
  publicUrl(): Promise<string>;
}

/** Facts kept in the delivery's row between steps and attempts: upload ids, a container id, a newest own post id. */
export type Evidence = Record<string, unknown>;

export interface PublishCall extends AccountCall {
  /** For keys that must be the same however often it is sent, and whatever was forgotten since. */
  delivery: { id: string; createdAt: Date };
  /** Empty, or something in it can be seen. */
  text: string;
  media: PublishMedia[];
  settings: Settings;
  account: Identity;
  /** What earlier steps remembered, of this attempt or of one before it. `remember` keeps it up to date. */
  evidence: Evidence;
  /** An earlier send of this delivery may have landed: nothing has ever proved that it did, or that it did not. */
  sentBefore: boolean;
  /** Commits facts to the delivery's row before it resolves. Throws when another worker has taken the delivery. */
  remember(facts: Evidence): Promise<void>;
  now(): Date;
  /** Waits on the clock of `now`; shorter when `signal` aborts. For seconds: longer waits are a `wait_until`. */
  sleep(ms: number): Promise<void>;
  signal: AbortSignal;
  log: Logger;
}

export interface LookUpCall extends PublishCall {
  /**
   * When the public call may first have been made, by the database's clock. `now` has to be on that clock too (within
   * seconds): "it is not there" is concluded from the time between them.
   */
  sendingSince: Date;
  /**
   * When the public call ended without a clear answer, as its own sender saw it; absent where that one never came to say.
   * Until then it was under way, so waits for the post to show count from here.
   */
  callEndedAt?: Date;
  /** How many times this look-up has asked before; the first is 0. */
  asked: number;
  /**
   * When this look was begun, before its first request. What it does not find was not there then: by the time that the
   * answer is read, or a process that stopped goes on, that may be long ago.
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
  /** A file of the post, or the store that it lies in, could not be had. The platform has no part in it. */
  | 'media_unavailable'
  /** A file of the post is not what was uploaded. */
  | 'media_damaged'
  | 'unknown';

/** Who can do something about it. */
export type Actor = 'user' | 'platform' | 'operator';

export interface Failure {
  kind: FailureKind;
  actor: Actor;
  /** A plain sentence for the author: what happened and what to do. */
  reason: string;
  /** The platform's own answer for the ledger: status, codes, message. Never a token. */
  detail?: string;
  /** The platform's own words for the author, as they are: one line of plain text, at most 300 characters. Never a token. */
  platformMessage?: string;
}

/** Proof that it is out. `url` is null where the platform does not tell one. */
export interface Receipt {
  /** Null where the platform took the post and did not tell as what. */
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
  /** Whom a limit (`rate_limited`, `quota_exhausted`) holds: the account, if not said, or all accounts of this app. */
  limits?: 'account' | 'platform';
  failure: Failure;
}
/** Nothing was created, and trying again will not help. */
export interface Failed {
  outcome: 'failed';
  failure: Failure;
}
/** It may or may not be out: look it up. */
export interface Unclear {
  outcome: 'unclear';
  detail: string;
  /** As in a failure. */
  platformMessage?: string;
}
/**
 * It is not there, and may be sent again. Proved; or `unproved`, where its author has chosen that a second sending is what
 * tells: then this is the sentence for a person, should it never come to that.
 */
export interface Absent {
  outcome: 'absent';
  unproved?: string;
}
/** Not visible yet, or could not be asked. */
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

/** `identity` or a step of the connection was refused or could not be asked. `failure` says why in plain words. */
export class PublisherError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.reason);
    this.name = 'PublisherError';
    this.failure = failure;
  }
}
