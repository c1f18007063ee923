import type { Dispatcher } from 'undici';
import { TooLongError } from './connections.ts';

/** Answers of the 1xx kind that may come before the real one. */
const MAX_INTERIM_ANSWERS = 10;

/** After the time is over: how many turns of the event loop in a row must bring nothing, and how long it may go on. */
const QUIET_TURNS = 3;
const READ_OUT_MS = 500;

export interface ExchangeRequest {
  url: URL;
  method: Dispatcher.HttpMethod;
  headers: Record<string, string>;
  body: Dispatcher.DispatchOptions['body'];
  /** For all of it: the connection, the headers and the body. */
  timeoutMs: number;
  maxAnswerBytes: number;
  signal: AbortSignal | undefined;
  /**
   * Called synchronously when a connection is there, as the last thing before the first byte; never a second time. What it
   * throws ends the exchange, with nothing sent.
   */
  onStart: () => void;
  /** Called when status and headers of the answer are there. What comes after may still fail. */
  onHead?: (head: Pick<Exchange, 'status' | 'headers'>) => void;
}

export interface Exchange {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * One request and its answer, over HTTP/1.1 by undici's lowest interface: only that one tells when a connection is there. No
 * redirect, no decompression, no cookie, no second try. Whatever ends it before the answer is whole destroys the socket.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  const { url, timeoutMs, maxAnswerBytes, signal } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    /** Why nothing may be sent any more. */
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
     * A process that was frozen finds its time over before it has looked at its sockets, and the answer may lie there. So
     * the event loop goes round, with its poll for data, before the time-out is believed.
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
        // undici would repeat a request whose connection broke while it waited behind another one.
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
        // The time of the whole is kept above.
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
