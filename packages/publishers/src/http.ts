/**
 * The only way a publisher speaks to its platform: built-in fetch, one time-out per request, never a retry, never a
 * redirect followed (a redirected create could be sent twice).
 */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the client's base URL, starting with `/`; or an absolute URL that the platform itself handed out. */
  path: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  json?: unknown;
  form?: FormData | URLSearchParams;
  body?: Uint8Array<ArrayBuffer>;
}

export interface HttpResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body, or undefined where it is empty or not JSON. */
  json: unknown;
}

export interface HttpClient {
  /** @throws NoAnswerError when no complete answer came: connection lost, time-out, aborted. */
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
  /** Called synchronously as the last thing before the socket; what it throws stops the request unsent. */
  beforeSend?: (request: HttpRequest) => void;
}): HttpClient {
  return {
    async request(request) {
      const url = urlOf(options.baseUrl, request);
      const init = initOf(request);
      const timeout = AbortSignal.timeout(options.timeoutMs);
      const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
      options.beforeSend?.(request);
      try {
        const response = await fetch(url, { ...init, signal, redirect: 'manual' });
        const text = await response.text();
        return { status: response.status, headers: response.headers, text, json: parseJson(text) };
      } catch (error) {
        throw new NoAnswerError(request, error);
      }
    },
  };
}

function urlOf(baseUrl: string, request: HttpRequest): URL {
  const absolute = /^https?:\/\//.test(request.path);
  const url = new URL(absolute ? request.path : baseUrl.replace(/\/$/, '') + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function initOf(request: HttpRequest): RequestInit {
  const headers = new Headers(request.headers);
  if (request.json !== undefined) headers.set('content-type', 'application/json');
  const body = request.json !== undefined ? JSON.stringify(request.json) : (request.form ?? request.body);
  return { method: request.method, headers, ...(body === undefined ? {} : { body }) };
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
