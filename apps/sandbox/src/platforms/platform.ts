import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Step } from '../steps.ts';
import type { Alteration, ArmedFault, FaultKind } from '../world/faults.ts';
import type { World } from '../world/world.ts';

/** An account exists as soon as somebody shows its token. `id` is the platform's own, made from the handle. */
export interface Account {
  handle: string;
  id: string;
}

/** What a platform says. A string body goes out as it is, anything else as JSON, and `undefined` as no body. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Said by something in front of the platform, so it carries none of the platform's headers. */
  fromProxy?: true;
}

export interface Call {
  account: Account;
  request: FastifyRequest;
  now: number;
  /** Where this sandbox is reached, as the caller sees it: `http://127.0.0.1:4010`. */
  origin: string;
  /** Uses up a fault that changes what this call makes. To be asked once the call is sure to be accepted. */
  alteration: (kind: Alteration) => ArmedFault | undefined;
}

/** One path of the platform's API. Its handler decides and commits in one go; a status below 300 means committed. */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  step: Step | ((request: FastifyRequest) => Step);
  /**
   * Whose call it is where no access token says so, but the code that is shown for one. Nobody's is a visitor's, and the
   * guard does not look at any of them.
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

/** Where a post can be looked at by everybody: the path of its permalink, and the id of the post that it names. */
export interface PostPath {
  url: string;
  idOf(parameters: Record<string, string>): string | undefined;
}

/** A call that has told whose it is, and nothing more has been done about it. */
export interface KnownCall {
  request: FastifyRequest;
  token: string | undefined;
  handle: string;
  step: Step;
  now: number;
}

/** The platform's own way to say no. */
export interface Refusals {
  /** There is no token, or nobody's. */
  unauthorized(request: FastifyRequest): Answer;
  expiredToken(): Answer;
  rateLimited(options: { retryAfterSeconds: number; now: number }): Answer;
  /** The permanent refusal of what this step was given. */
  rejected(step: Step, request: FastifyRequest): Answer;
  /** A refusal that a platform is known to give although it did what was asked. */
  refusedButDone?(): Answer;
  serverError(status: number): Answer;
  /** The body could not be read at all. */
  malformed(status: number, message: string): Answer;
  noSuchPath(): Answer;
}

/** A platform at work: its endpoints, and what stands in front of all of them. */
export interface OpenedPlatform {
  endpoints: Endpoint[];
  /** What people see, where they let an app in. */
  pages?: Page[];
  postPaths: PostPath[];
  /** Looks at every call of a known account before anything else does. */
  guard?(call: KnownCall): Answer | undefined;
  /** Counts the call; gives the headers of every answer, or the refusal when the allowance is used up. */
  meter?(call: { account: Account; step: Step; now: number }): {
    headers: Record<string, string>;
    refusal?: Answer;
  };
}

/** A stand-in for one platform. One folder, and one line in the registry. */
export interface SandboxPlatform {
  /** Also the prefix of its URLs. */
  id: string;
  /** For people. */
  name: string;
  /** A CSS colour for the feed. */
  colour: string;
  /** The deterministic id of the account, so that it survives a restart. */
  accountId(handle: string): string;
  /** Where the token is; by default in the `Authorization: Bearer` header. */
  tokenOf?(request: FastifyRequest): string | undefined;
  /** Registers the body formats that the platform takes besides JSON. */
  readBodies?(app: FastifyInstance): void;
  refusals: Refusals;
  /** What each step can play. */
  faults: Partial<Record<Step, readonly FaultKind[]>>;
  /** Called once per sandbox; the state it makes lives in the world's tables. */
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

/** Faults of a call that makes something. */
export const writeFaults = [
  ...readFaults,
  'rejected',
  'commit-then-drop',
  'commit-then-5xx',
  'commit-then-hang',
] as const satisfies FaultKind[];

/** Faults of a call that gets, renews or ends a token. It shows no access token that could have expired. */
export const tokenFaults: FaultKind[] = writeFaults.filter((fault) => fault !== 'expired-token');
