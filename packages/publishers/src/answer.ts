import { Value } from 'typebox/value';
import type { Static, TSchema } from 'typebox';
import { told } from './detail.ts';
import { NoAnswerError, type HttpClient, type HttpRequest, type HttpResponse } from './http.ts';
import { PublisherError, type Failure, type Unclear, type WaitUntil } from './publisher.ts';
import type { Credentials } from './connection.ts';
import { unknownFailure, unknownRefusal, type Refusal } from './refusals.ts';
import { absentUntil } from './told-time.ts';

/**
 * The meaning of an HTTP answer, as far as it is the same on every platform. A platform adds only the meaning of its own
 * refusals (its `ErrorMapper`). The rest depends on the step: quiet (creates nothing public), the public call, or a look-up.
 *
 * | answer                             | quiet step        | public call | look-up          |
 * | ---------------------------------- | ----------------- | ----------- | ---------------- |
 * | 2xx that can be read               | done              | published   | done             |
 * | 4xx the platform explains          | what it explains  | the same    | ask again        |
 * | nothing, 3xx, 408, 5xx, unreadable | retry, or wait    | unclear     | ask again        |
 * | 4xx without an explanation         | failed, or retry  | unclear     | ask again        |
 */
export type { Refusal };
export interface Done<T> {
  outcome: 'done';
  value: T;
}
export type Step<T> = Done<T> | Refusal;

export function done<T>(value: T): Done<T> {
  return { outcome: 'done', value };
}

export interface ErrorMapper {
  /** The platform's name in sentences. */
  name: string;
  /**
   * The meaning of a 4xx that says, in words that the platform documents, that nothing was created.
   * Null for any other answer: it proves nothing.
   */
  readRefusal(response: HttpResponse, now: Date): Refusal | null;
}

/** The common part of all calls. `now` and `text` are absent in calls that only read an account. */
export interface Asking {
  http: HttpClient;
  credentials: Credentials;
  apiVersion?: string;
  text?: string;
  now?(): Date;
}

/**
 * One idempotent call that creates nothing public. `read` returns undefined for a body that it cannot read. `readOther` sees
 * every answer other than a 2xx before the error mapper: for refusals that the step handles by itself.
 */
export async function callIdempotent<T, Other = never>(
  asking: Asking,
  errors: ErrorMapper,
  request: HttpRequest,
  read: (response: HttpResponse) => T | undefined,
  readOther: (response: HttpResponse) => Other | undefined = () => undefined,
): Promise<Step<T | Other>> {
  const response = await answerOrNone(asking, request);
  if (response instanceof NoAnswerError) {
    return { outcome: 'retry', failure: unavailable(errors, { detail: response.message }) };
  }
  const value = isSuccess(response) ? read(response) : readOther(response);
  if (value !== undefined) return done(value);

  const refusal = readRefusal(asking, errors, response);
  if (refusal) return refusal;
  const words = told(asking, response);
  // A 4xx that is not JSON comes from a proxy, not from the platform: worth another try.
  if (!isClientError(response) || response.json === undefined) {
    const failure = unavailable(errors, words);
    const until = absentUntil(response.headers, asking.now?.() ?? new Date());
    return until ? waitUntil(until, failure) : { outcome: 'retry', failure };
  }
  return { outcome: 'failed', failure: { ...unknownFailure(errors.name), ...words } };
}

/** The same for `identity`, which throws a refusal instead of returning it. */
export async function callIdentity<T>(
  asking: Asking,
  errors: ErrorMapper,
  request: HttpRequest,
  read: (response: HttpResponse) => T | undefined,
): Promise<T> {
  const step = await callIdempotent(asking, errors, request, read);
  if (step.outcome === 'done') return step.value;
  throw new PublisherError(step.failure);
}

/** Reads every answer of the public call except a clear success: a refusal that the platform explains, or unclear. */
export function readRefusalOrUnclear(
  asking: Asking,
  errors: ErrorMapper,
  response: HttpResponse,
): Refusal | Unclear {
  return readRefusal(asking, errors, response) ?? asUnclear(asking, response);
}

export function asUnclear(asking: Asking, response: HttpResponse): Unclear {
  return { outcome: 'unclear', ...told(asking, response) };
}

/** The body if it matches `schema`, else undefined. Unknown fields are allowed: platforms add them at any time. */
export function decode<T extends TSchema>(schema: T, response: HttpResponse): Static<T> | undefined {
  return Value.Check(schema, response.json) ? response.json : undefined;
}

export function bearer(asking: Asking): { authorization: string } {
  return { authorization: `Bearer ${asking.credentials.accessToken}` };
}

export function inFuture(now: Date, afterMs: number): Date {
  return new Date(now.getTime() + afterMs);
}

export function waitUntil(until: Date, failure: Failure): WaitUntil {
  return { outcome: 'wait_until', until, failure };
}

export async function answerOrNone(
  asking: Asking,
  request: HttpRequest,
): Promise<HttpResponse | NoAnswerError> {
  try {
    return await asking.http.request(request);
  } catch (error) {
    if (error instanceof NoAnswerError) return error;
    throw error;
  }
}

/** Only a 4xx other than 408 can be a refusal; the error mapper does not see other answers. */
export function readRefusal(asking: Asking, errors: ErrorMapper, response: HttpResponse): Refusal | null {
  if (!isClientError(response)) return null;
  const read = errors.readRefusal(response, asking.now?.() ?? new Date());
  if (!read) return null;
  const isAboutContent = read.failure.kind !== 'rejected_content' || ABOUT_CONTENT.includes(response.status);
  const refusal = isAboutContent ? read : unknownRefusal(errors.name);
  return { ...refusal, failure: { ...refusal.failure, ...told(asking, response) } };
}

/** Only these statuses can be about the post. Others are about the account, the server or a proxy. */
const ABOUT_CONTENT = [400, 403, 413, 415, 422, 451];

export function isSuccess(response: Pick<HttpResponse, 'status'>): boolean {
  return response.status >= 200 && response.status < 300;
}

function isClientError(response: HttpResponse): boolean {
  return response.status >= 400 && response.status < 500 && response.status !== 408;
}

type Words = Pick<Failure, 'detail' | 'platformMessage'>;

function unavailable(errors: ErrorMapper, words: Words): Failure {
  return {
    kind: 'unavailable',
    actor: 'platform',
    reason: `${errors.name} did not answer as it should. Nothing was published; it is tried again by itself.`,
    ...words,
  };
}
