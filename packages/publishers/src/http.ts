import { Readable } from 'node:stream';
import { request as send, type Dispatcher } from 'undici';
import { assertPublicHost, publicHosts } from './public-hosts.ts';

/**
 * The only way a publisher speaks to its platform: one time-out per request, never a retry, never a redirect followed (a
 * redirected create could be sent twice). By undici, which is also below the built-in fetch, whose streams cost a burst
 * a third of its processor time.
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
}

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
   * @throws NoAnswerError when no complete answer came: connection lost, time-out, aborted. What the reading of a streamed
   * body throws is thrown as it is.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
}

/** The request may or may not have reached the platform. */
export class NoAnswerError extends Error {
  constructor(request: HttpRequest, cause: unknown) {
    super(`no answer to ${request.method} ${pathOnly(request.path)}: ${reasonOf(cause)}`, { cause });
    this.name = 'NoAnswerError';
  }
}

export function createHttpClient(options: {
  baseUrl: string;
  timeoutMs: number;
  signal?: AbortSignal;
  /** An author named the host: nothing but public addresses may be behind it. */
  publicOnly?: boolean;
  /** Called synchronously as the last thing before the socket; what it throws stops the request unsent. */
  beforeSend?: (request: HttpRequest) => void;
}): HttpClient {
  return {
    async request(request) {
      const url = urlOf(options.baseUrl, request);
      const watched = watchBody(request);
      const init = await initOf(watched.request);
      const timeout = AbortSignal.timeout(request.timeoutMs ?? options.timeoutMs);
      const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
      options.beforeSend?.(request);
      try {
        if (options.publicOnly) assertPublicHost(url);
        const response = await send(url, {
          ...init,
          signal,
          ...(options.publicOnly && { dispatcher: publicHosts }),
        });
        const text = await response.body.text();
        const headers = new Headers(response.headers as Record<string, string>);
        return { status: response.statusCode, headers, text, json: parseJson(text) };
      } catch (error) {
        throw watched.failure() ?? new NoAnswerError(request, error);
      }
    },
  };
}

/** Remembers what the reading of a streamed body throws: that is trouble of our own, and says nothing of the platform. */
function watchBody(request: HttpRequest): { request: HttpRequest; failure: () => Error | undefined } {
  const { body } = request;
  if (!body || body instanceof Uint8Array) return { request, failure: () => undefined };
  const { byteSize, pieces } = body;
  let failure: Error | undefined;
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw failure;
    }
  }
  return { request: { ...request, body: { byteSize, pieces: read() } }, failure: () => failure };
}

function urlOf(baseUrl: string, request: HttpRequest): URL {
  const absolute = /^https?:\/\//.test(request.path);
  const url = new URL(absolute ? request.path : baseUrl.replace(/\/$/, '') + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

async function initOf(
  request: HttpRequest,
): Promise<Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'body'>> {
  const { method } = request;
  const headers = { 'user-agent': 'SoloSpark', ...request.headers };
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
  return {
    method,
    headers: { ...headers, 'content-length': String(body.byteSize) },
    body: Readable.from(body.pieces, { objectMode: false }),
  };
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pathOnly(path: string): string {
  return path.split('?')[0] ?? path;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}
