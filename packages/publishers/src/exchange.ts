import type { Dispatcher } from 'undici';
import { TooLongError } from './connections.ts';

/** How many 1xx answers may come before the final one. */
const MAX_INTERIM_ANSWERS = 10;

/** After the time-out, the loop reads on until this many turns bring no data, or until this much time has passed. */
const QUIET_TURNS = 3;
const READ_OUT_MS = 500;

export interface ExchangeRequest {
  url: URL;
  method: Dispatcher.HttpMethod;
  headers: Record<string, string>;
  body: Dispatcher.DispatchOptions['body'];
  /** For the whole exchange: connection, headers and body. */
  timeoutMs: number;
  maxAnswerBytes: number;
  signal: AbortSignal | undefined;
  /**
   * Called at most once, synchronously, when the connection is open and just before the first byte. If it throws, nothing is
   * sent and the exchange ends.
   */
  onStart: () => void;
  /** Called when the status and headers have arrived. The rest may still fail. */
  onHead?: (head: Pick<Exchange, 'status' | 'headers'>) => void;
}

export interface Exchange {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * One request and its answer over HTTP/1.1. It uses undici's lowest interface, the only one that reports an open connection. No
 * redirects, no decompression, no cookies, no retry. If the answer stays incomplete, the socket is destroyed.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  const { url, timeoutMs, maxAnswerBytes, signal } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    /** Set when nothing may be sent any more: the reason. */
    let ended: Error | undefined;
    let isSettled = false;
    let status = 0;
    let headers = new Headers();
    let interimAnswers = 0;
    let byteSize = 0;
    let seen = 0;
    const pieces: Buffer[] = [];
    const timer = setTimeout(() => void readOut(), timeoutMs);
    const onAbort = () => end(errorOf(signal?.reason));
    signal?.addEventListener('abort', onAbort);

    function settle(): boolean {
      if (isSettled) return false;
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      return true;
    }

    function end(error: Error): void {
      ended ??= error;
      if (!settle()) return;
      controller?.abort(error);
      reject(error);
    }

    /**
     * After a process was frozen, its timer fires before its sockets are read, and the answer may be waiting there. So the event
     * loop runs some turns and reads the sockets before the time-out counts.
     */
    async function readOut(): Promise<void> {
      const timedOut = new Error(`timed out after ${timeoutMs} ms`);
      ended = timedOut;
      const until = performance.now() + READ_OUT_MS;
      for (let quiet = 0; quiet < QUIET_TURNS && !isSettled && performance.now() < until;) {
        const before = seen;
        await new Promise((turned) => setImmediate(turned));
        quiet = seen === before ? quiet + 1 : 0;
      }
      end(timedOut);
    }

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        if (ended) throw ended;
        // undici repeats a request if its connection breaks while it waits behind another one.
        if (controller) throw new Error('a request must not be sent twice');
        controller = started;
        request.onStart();
      },
      onResponseStarted() {
        seen += 1;
      },
      onResponseStart(_, code, fields) {
        seen += 1;
        if (code < 200) {
          interimAnswers += 1;
          if (interimAnswers > MAX_INTERIM_ANSWERS) end(new Error('too many interim answers'));
          return;
        }
        if (code > 599) return end(new Error(`status ${code} has no meaning`));
        status = code;
        headers = headersOf(fields);
        if (!isSettled) request.onHead?.({ status, headers });
        if (Number(headers.get('content-length')) > maxAnswerBytes) end(new TooLongError(maxAnswerBytes));
      },
      onResponseData(_, piece) {
        seen += 1;
        byteSize += piece.length;
        if (byteSize > maxAnswerBytes) return end(new TooLongError(maxAnswerBytes));
        pieces.push(piece);
      },
      onResponseEnd() {
        if (settle()) resolve({ status, headers, text: decode(pieces) });
      },
      onResponseError(_, error) {
        end(error);
      },
    };

    if (signal?.aborted) return onAbort();
    const { method, body } = request;
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: request.headers,
        body: body ?? null,
        // `timeoutMs` covers both.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      handler,
    );
  });
}

function headersOf(fields: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of Array.isArray(value) ? value : [value ?? '']) headers.append(name, each);
  }
  return headers;
}

function decode(pieces: Buffer[]): string {
  return new TextDecoder().decode(Buffer.concat(pieces));
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
