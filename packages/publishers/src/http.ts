import { parseUrl } from '@solospark/foundation';
import { Readable } from 'node:stream';
import { anyHost, TooLongError } from './connections.ts';
import { exchange, type ExchangeRequest } from './exchange.ts';
import { userAgent } from './user-agent.ts';
import { assertPublicHost, NotPublicError, publicHosts } from './public-hosts.ts';

/**
 * The only way a publisher speaks to its platform: one time-out per request, a limit on what is read of its answer, never
 * a retry, never a redirect followed (a redirected create could be sent twice), nothing decompressed.
 */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the client's base URL, starting with `/`; or an absolute URL that the platform itself handed out. */
  path: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  json?: unknown;
  form?: FormData | URLSearchParams;
  body?: Uint8Array<ArrayBuffer> | StreamedBody;
  /** Longer than the client's, for a large body. */
  timeoutMs?: number;
  /** More than `MAX_ANSWER_BYTES`, for a page of a list. */
  maxAnswerBytes?: number;
}

/** Far more than any platform answers about one thing. */
export const MAX_ANSWER_BYTES = 1024 * 1024;
/** For a page of a list: a hundred posts, some with long texts and all that is attached to them. */
export const MAX_LIST_BYTES = 8 * 1024 * 1024;

/** A body that is too large to be held: its pieces, one after the other. */
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
   * @throws NoAnswerError when no complete answer came: connection lost, time-out, aborted, too long. What the reading of a
   * streamed body throws is thrown as it is, and so is what `beforeSend` throws.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export type AnswerHead = Pick<HttpResponse, 'status' | 'headers'>;

/** The request may or may not have reached the platform; with `wasSent` false, no byte of it has left. */
export class NoAnswerError extends Error {
  readonly wasSent: boolean;
  /** Came, and the rest of the answer did not. */
  readonly head: AnswerHead | undefined;
  constructor(
    request: HttpRequest,
    cause: unknown,
    { wasSent = true, head }: { wasSent?: boolean; head?: AnswerHead | undefined } = {},
  ) {
    super(`no answer to ${request.method} ${pathOnly(request.path)}: ${reasonOf(cause)}`, { cause });
    this.name = 'NoAnswerError';
    this.wasSent = wasSent;
    this.head = head;
  }
}

/** An answer came, and was longer than what is read. What it says is not known. */
export class AnswerTooLongError extends NoAnswerError {
  constructor(request: HttpRequest, cause: TooLongError, head?: AnswerHead) {
    super(request, cause, { head });
    this.name = 'AnswerTooLongError';
  }
}

/** An author has named a server that is not on the public internet. Nothing was sent to it. */
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
  /** An author named the host: nothing but public addresses may be behind it. */
  publicOnly?: boolean;
  /** Where whoever runs the server may write about these requests. */
  contact?: string;
  /** A request is about to be made. It may never get as far as a connection. */
  onRequest?: (request: HttpRequest) => void;
  /**
   * Called synchronously when the connection is there, as the last thing before the first byte; what it throws stops the
   * request unsent.
   */
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
          // The first byte of a streamed body may be long in coming, and nothing is written before it.
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

/** Runs it the first time only, and remembers what it threw: that is to come out as it is. */
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
 * Remembers what the reading of a streamed body throws: that is trouble of our own, and says nothing of the platform. `start`
 * is called when the first piece is there, which is when the request is written.
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
 * The server may have handed out this URL: it must not lead elsewhere than the name of a server can, nor away from TLS.
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
  // A server may have handed it out, and wrongly.
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
    // The platform's classes know how a form is written down.
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
  // What it throws is remembered where it is read.
  stream.on('error', () => undefined);
  return { method, headers: { ...headers, 'content-length': String(body.byteSize) }, body: stream };
}

/** Half a character, which only JSON's own notation can hold, and no database keeps. */
const MAY_HOLD_HALVES = /\\u[dD][89a-fA-F]/;

/** A byte order mark does not belong there, and some servers write one. */
function parseJson(text: string): unknown {
  try {
    if (text === '') return undefined;
    const json: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return MAY_HOLD_HALVES.test(text) ? wellFormed(json) : json;
  } catch {
    return undefined;
  }
}

/** By recursion, as deep as JSON.parse has gone. */
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
