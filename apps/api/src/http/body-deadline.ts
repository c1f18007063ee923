import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpProblem } from './problem-plugin.ts';
import type { App } from './types.ts';

export interface BodyLimits {
  /** How long the body of a request may take; uploads are limited by `upload` instead. */
  requestTimeoutMs: number;
  /** The lowest average rate of an upload, measured over each period of `overMs`. Its total time is not limited. */
  upload: { bytesPerSecond: number; overMs: number };
}

export const BODY_LIMITS: BodyLimits = {
  requestTimeoutMs: 30_000,
  // A phone with a bad connection. At this rate 300 MB take twenty hours; Node's request timeout (app.ts) ends it earlier.
  upload: { bytesPerSecond: 4_096, overMs: 30_000 },
};

/** The most that is read of a body after its request was refused, so that the client receives the answer. */
const MOST_UNWANTED_BYTES = 64_000_000;

/**
 * Ends requests whose body is too slow, with 408. Otherwise a client that sends a byte now and then would hold its socket
 * and memory for ever. Node's `requestTimeout` is the same for all routes, but a video may take hours on a slow connection.
 *
 * When a request is answered before its body is complete, the rest of the body is read and discarded, up to a limit. Closing
 * the connection at once would often lose the answer; not reading would block the next request on that connection.
 */
export function limitBodies(app: App, limits: BodyLimits): void {
  const watches = new WeakMap<IncomingMessage, BodyWatch>();
  // Before Fastify's own listener, so that every request has a deadline, even one that Fastify refuses.
  app.server.prependListener('request', (request, response) => {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
    if (length !== '0' || encoding !== undefined) watches.set(request, watchBody(request, response, limits));
  });
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.isUpload) watches.get(request.raw)?.measureRate();
  });
}

interface BodyWatch {
  /** Replaces the time limit by the lowest rate of an upload. */
  measureRate(): void;
}

function watchBody(request: IncomingMessage, response: ServerResponse, limits: BodyLimits): BodyWatch {
  const expire = () => {
    if (!request.complete) endRequest(request, response);
  };
  let timer: NodeJS.Timeout = setTimeout(expire, limits.requestTimeoutMs);
  const { socket } = request;
  const stop = () => {
    clearTimeout(timer);
    // One socket may carry thousands of requests: do not collect listeners on it.
    socket.off('close', stop);
  };
  request.once('end', stop);
  request.once('close', stop);
  // A request that was answered early may emit neither "end" nor "close" while its connection is kept alive.
  socket.once('close', stop);
  response.once('finish', () => {
    // A destroyed socket emits no further "close", so nothing would stop a timer that is set here.
    if (request.complete || socket.destroyed) return;
    clearTimeout(timer);
    request.unpipe();
    request.resume();
    const readBefore = socket.bytesRead;
    const until = Date.now() + limits.requestTimeoutMs;
    timer = setInterval(() => {
      if (socket.bytesRead - readBefore > MOST_UNWANTED_BYTES || Date.now() > until) socket.destroy();
    }, 100);
  });
  return {
    measureRate() {
      const { bytesPerSecond, overMs } = limits.upload;
      let before = socket.bytesRead;
      clearTimeout(timer);
      timer = setInterval(() => {
        const came = socket.bytesRead - before;
        before = socket.bytesRead;
        // Unread bytes mean that our side is slow, not the client.
        if (request.readableLength === 0 && came < (bytesPerSecond * overMs) / 1_000) expire();
      }, overMs);
    },
  };
}

function endRequest(request: IncomingMessage, response: ServerResponse): void {
  // The body has no reader, or the answer was already sent: no 408 can be sent.
  if (response.headersSent || request.listenerCount('error') === 0) {
    request.socket.destroy();
    return;
  }
  response.shouldKeepAlive = false;
  // The reader of the body gets this error and answers it like any other.
  request.emit(
    'error',
    new HttpProblem(
      'request_timeout',
      'The body of the request did not come in time. Send it again, over a better connection.',
    ),
  );
}
