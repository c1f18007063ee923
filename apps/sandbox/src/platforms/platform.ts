import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Step } from '../steps.ts';
import type { Alteration, ArmedFault, FaultKind } from '../world/faults.ts';
import type { World } from '../world/world.ts';

/** An account exists from the first call with its token. `id` is the platform's id of it, derived from the handle. */
export interface Account {
  handle: string;
  id: string;
}

/** An answer of a platform. A string body is sent unchanged, other values as JSON, and `undefined` as no body. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** The answer of a proxy in front of the platform, without any of the platform's headers. */
  fromProxy?: true;
}

export interface Call {
  account: Account;
  request: FastifyRequest;
  now: number;
  /** The origin of this sandbox as the caller sees it: `http://127.0.0.1:4010`. */
  origin: string;
  /** Uses up an armed alteration. Call it only when the call is sure to be accepted. */
  alteration: (kind: Alteration) => ArmedFault | undefined;
}

/** One path of the platform's API. Its handler decides and commits in one step; a status below 300 means committed. */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  step: Step | ((request: FastifyRequest) => Step);
  /**
   * The account of a call without an access token, from the code or the refresh token that it sends. A call without an account is
   * the visitor's. The guard is skipped.
   */
  handleOf?(request: FastifyRequest): string | undefined;
  answer(call: Call): Answer | Promise<Answer>;
}

/** A person's browser on a page of the platform: no token, no step, no fault. */
export interface Visit {
  request: FastifyRequest;
  now: number;
}

export interface Page {
  method: 'GET' | 'POST';
  url: string;
  answer(visit: Visit): Answer;
}

/** The path of a post's permalink, and the id of the post that it names. */
export interface PostPath {
  url: string;
  idOf(parameters: Record<string, string>): string | undefined;
}

/** A call whose account is known, before any other check. */
export interface KnownCall {
  request: FastifyRequest;
  token: string | undefined;
  handle: string;
  step: Step;
  now: number;
}

/** The platform's own error answers. */
export interface Refusals {
  /** The token is missing or unknown. */
  unauthorized(request: FastifyRequest): Answer;
  expiredToken(): Answer;
  rateLimited(options: { retryAfterSeconds: number; now: number }): Answer;
  /** The permanent refusal of this step's input. */
  rejected(step: Step, request: FastifyRequest): Answer;
  /** A refusal that the platform sometimes answers although it has done what was asked. */
  refusedButDone?(): Answer;
  serverError(status: number): Answer;
  /** The body could not be parsed. */
  malformed(status: number, message: string): Answer;
  noSuchPath(): Answer;
}

/** A mounted platform: its endpoints, and the checks in front of all of them. */
export interface OpenedPlatform {
  endpoints: Endpoint[];
  /** The consent pages. */
  pages?: Page[];
  postPaths: PostPath[];
  /** The first check of every call of a known account. */
  guard?(call: KnownCall): Answer | undefined;
  /** Counts the call; returns the rate limit headers of every answer, and the refusal when the limit is reached. */
  meter?(call: { account: Account; step: Step; now: number }): {
    headers: Record<string, string>;
    refusal?: Answer;
  };
}

/** A stand-in for one platform. One folder, and one line in the registry. */
export interface SandboxPlatform {
  /** Also the prefix of its URLs. */
  id: string;
  /** The display name. */
  name: string;
  /** A CSS colour for the feed. */
  colour: string;
  /** The id of the account, derived from the handle, so that it survives a restart. */
  accountId(handle: string): string;
  /** Reads the token of a call; by default from the `Authorization: Bearer` header. */
  tokenOf?(request: FastifyRequest): string | undefined;
  /** Registers the body formats that the platform takes besides JSON. */
  readBodies?(app: FastifyInstance): void;
  refusals: Refusals;
  /** The faults that each step can play. */
  faults: Partial<Record<Step, readonly FaultKind[]>>;
  /** Called once per sandbox; it keeps its state in the world's tables. */
  open(world: World): OpenedPlatform;
}

/** Faults of a call that only reads. */
export const readFaults = [
  'drop-before-commit',
  'hang-before-commit',
  '5xx-before-commit',
  'rate-limited',
  'rate-limited-bare',
  'expired-token',
  'truncated-body',
] as const satisfies FaultKind[];

/** Faults of a call that writes. */
export const writeFaults = [
  ...readFaults,
  'rejected',
  'commit-then-drop',
  'commit-then-5xx',
  'commit-then-hang',
] as const satisfies FaultKind[];

/** Faults of a call that gets, renews or revokes a token. It sends no access token that could have expired. */
export const tokenFaults: FaultKind[] = writeFaults.filter((fault) => fault !== 'expired-token');
