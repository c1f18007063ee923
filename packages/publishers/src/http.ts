import { parseUrl } from '@solospark/foundation';
import { Readable } from 'node:stream';
import { anyHost, TooLongError } from './connections.ts';
import { exchange, type ExchangeRequest } from './exchange.ts';
import { userAgent } from './user-agent.ts';
import { assertPublicHost, NotPublicError, publicHosts } from './public-hosts.ts';

/**
 * Publishers reach their platform only through this client. It has one time-out per request and a limit on the answer's size. It
 * never retries, never follows a redirect (a redirected create could be sent twice), and does not decompress.
 */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A path below the base URL, starting with `/`, or an absolute URL that the platform returned. */
  path: string;
  /** Stands for `path` in errors and logs, where a part of the path is a secret (a webhook's). */
  shownPath?: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  json?: unknown;
  form?: FormData | URLSearchParams;
  body?: Uint8Array<ArrayBuffer> | StreamedBody;
  /** Instead of the client's time-out, for a large body. */
  timeoutMs?: number;
  /** More than `MAX_ANSWER_BYTES`, for a page of a list. */
  maxAnswerBytes?: number;
}

/** Far more than any platform answers about one object. */
export const MAX_ANSWER_BYTES = 1024 * 1024;
/** For a page of a list: a hundred posts, some with long texts and many attachments. */
export const MAX_LIST_BYTES = 8 * 1024 * 1024;

/** A body that is too large for memory, as a sequence of pieces. */
export interface StreamedBody {
  byteSize: number;
  pieces: AsyncIterable<Uint8Array>;
}

/** Both inclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface HttpResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body, or undefined where it is empty or not JSON. */
  json: unknown;
}

export interface HttpClient {
  /**
   * @throws NoAnswerError when no complete answer came: connection lost, time-out, aborted, too long. Errors of `beforeSend`
   * and of the streamed body's source are thrown unchanged.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export type AnswerHead = Pick<HttpResponse, 'status' | 'headers'>;

/** The request may have reached the platform. With `wasSent` false, no byte of it was sent. */
export class NoAnswerError extends Error {
  readonly wasSent: boolean;
  /** Set if status and headers came, and the rest of the answer did not. */
  readonly head: AnswerHead | undefined;
  constructor(
    request: HttpRequest,
    cause: unknown,
    { wasSent = true, head }: { wasSent?: boolean; head?: AnswerHead | undefined } = {},
  ) {
    super(
      `no answer to ${request.method} ${pathOnly(request.shownPath ?? request.path)}: ${reasonOf(cause)}`,
      { cause },
    );
    this.name = 'NoAnswerError';
    this.wasSent = wasSent;
    this.head = head;
  }
}

/** The answer was longer than the limit, so its content is unknown. */
export class AnswerTooLongError extends NoAnswerError {
  constructor(request: HttpRequest, cause: TooLongError, head?: AnswerHead) {
    super(request, cause, { head });
    this.name = 'AnswerTooLongError';
  }
}

/** The author's server is not on the public internet. Nothing was sent to it. */
export class RefusedAddressError extends NoAnswerError {
  constructor(request: HttpRequest, cause: NotPublicError) {
    super(request, cause, { wasSent: false });
    this.name = 'RefusedAddressError';
  }
}

export function createHttpClient(options: {
  baseUrl: string;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Allows public addresses only, because an author chose the host. */
  publicOnly?: boolean;
  /** Where the operator of the server can write about these requests. */
  contact?: string;
  /** Called before the connection is opened, which may still fail. */
  onRequest?: (request: HttpRequest) => void;
  /** Called synchronously when the connection is open, just before the first byte. If it throws, nothing is sent. */
  beforeSend?: (request: HttpRequest) => void;
}): HttpClient {
  return {
    async request(request) {
      options.onRequest?.(request);
      const url = urlOf(options.baseUrl, request);
      const start = once(() => options.beforeSend?.(request));
      const watched = watchBody(request, start.run);
      let head: AnswerHead | undefined;
      const init = await initOf(watched.request, userAgent(options.contact));
      try {
        if (options.publicOnly) assertMayAsk(url, options.baseUrl);
        const { status, headers, text } = await exchange(options.publicOnly ? publicHosts : anyHost(), {
          url,
          ...init,
          timeoutMs: request.timeoutMs ?? options.timeoutMs,
          maxAnswerBytes: request.maxAnswerBytes ?? MAX_ANSWER_BYTES,
          signal: options.signal,
          // A streamed request is written only when its first piece is read, which may take long; `watchBody` starts it then.
          onStart: init.body instanceof Readable ? () => undefined : start.run,
          onHead: (came) => (head = came),
        });
        return { status, headers, text, json: parseJson(text) };
      } catch (error) {
        const own = start.failure() ?? watched.failure();
        if (own) throw own.error;
        if (error instanceof NotPublicError) throw new RefusedAddressError(request, error);
        if (error instanceof TooLongError) throw new AnswerTooLongError(request, error, head);
        throw new NoAnswerError(request, error, { wasSent: start.hasRun(), head });
      } finally {
        if (init.body instanceof Readable) init.body.destroy();
      }
    },
  };
}

/** Runs the action until it succeeds once, and remembers its error, which the caller throws unchanged. */
function once(action: () => void) {
  let hasRun = false;
  let failure: { error: unknown } | undefined;
  const run = () => {
    if (hasRun) return;
    try {
      action();
      hasRun = true;
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  return { run, hasRun: () => hasRun, failure: () => failure };
}

/**
 * Remembers the error of a streamed body's source: it is our own failure, not the platform's. Calls `start` when the first piece
 * has been read, since the request is written then.
 */
function watchBody(
  request: HttpRequest,
  start: () => void,
): { request: HttpRequest; failure: () => { error: unknown } | undefined } {
  const { body } = request;
  if (!body || body instanceof Uint8Array) return { request, failure: () => undefined };
  const { byteSize, pieces } = body;
  const source = pieces[Symbol.asyncIterator]();
  let failure: { error: unknown } | undefined;
  async function next(): Promise<IteratorResult<Uint8Array>> {
    try {
      const piece = await source.next();
      start();
      return piece;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (let piece = await next(); !piece.done; piece = await next()) yield piece.value;
    } finally {
      await source.return?.();
    }
  }
  return { request: { ...request, body: { byteSize, pieces: read() } }, failure: () => failure };
}

/**
 * The server may have returned this URL: it must not lead to a private address, nor from https to http.
 * @throws NotPublicError
 */
function assertMayAsk(url: URL, baseUrl: string): void {
  assertPublicHost(url);
  if (url.protocol !== 'https:' && new URL(baseUrl).protocol === 'https:') {
    throw new Error('the server leads away from https');
  }
}

function urlOf(baseUrl: string, request: HttpRequest): URL {
  const absolute = /^https?:\/\//.test(request.path);
  if (!absolute && !request.path.startsWith('/'))
    throw new Error('a path starts with / or is an absolute URL');
  const address = absolute ? request.path : baseUrl.replace(/\/$/, '') + request.path;
  // A server may have returned a broken URL.
  const url = parseUrl(address);
  if (!url) throw new NoAnswerError(request, 'it is no URL', { wasSent: false });
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

async function initOf(
  request: HttpRequest,
  agent: string,
): Promise<Pick<ExchangeRequest, 'method' | 'headers' | 'body'>> {
  const { method } = request;
  const headers = { 'user-agent': agent, 'accept-encoding': 'identity', ...request.headers };
  if (request.json !== undefined) {
    return {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(request.json),
    };
  }
  if (request.form) {
    // `Response` encodes the form.
    const form = new Response(request.form);
    const type = form.headers.get('content-type') ?? '';
    return {
      method,
      headers: { ...headers, 'content-type': type },
      body: new Uint8Array(await form.arrayBuffer()),
    };
  }
  const { body } = request;
  if (!body || body instanceof Uint8Array) return { method, headers, body: body ?? null };
  const stream = Readable.from(body.pieces, { objectMode: false });
  // `watchBody` remembers the error.
  stream.on('error', () => undefined);
  return { method, headers: { ...headers, 'content-length': String(body.byteSize) }, body: stream };
}

/** A JSON escape that may be half a surrogate pair, which no database stores. */
const MAY_HOLD_HALVES = /\\u[dD][89a-fA-F]/;

/** Some servers send a byte order mark, which JSON does not allow. */
function parseJson(text: string): unknown {
  try {
    if (text === '') return undefined;
    const json: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return MAY_HOLD_HALVES.test(text) ? wellFormed(json) : json;
  } catch {
    return undefined;
  }
}

/** Recursive, at most as deep as JSON.parse went. */
function wellFormed(json: unknown): unknown {
  if (typeof json === 'string') return json.toWellFormed();
  if (Array.isArray(json)) return json.map(wellFormed);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name.toWellFormed(), wellFormed(value)]),
  );
}

function pathOnly(path: string): string {
  return path.split('?')[0] ?? path;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}
