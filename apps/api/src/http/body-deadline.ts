import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpProblem } from './problem-plugin.ts';
import type { App } from './types.ts';

export interface BodyLimits {
  /** How long the body of a request may take to come, but for uploads. */
  requestTimeoutMs: number;
  /** An upload may take as long as it needs, as long as it comes at this rate at least, over each of these times. */
  upload: { bytesPerSecond: number; overMs: number };
}

export const BODY_LIMITS: BodyLimits = {
  requestTimeoutMs: 30_000,
  // A telephone at the edge of its network: 300 MB then take twenty hours, which Node's own limit (app.ts) ends before.
  upload: { bytesPerSecond: 4_096, overMs: 30_000 },
};

/** What of a body is still read after its request was refused, so that whoever sends it gets to hear why. */
const MOST_UNWANTED_BYTES = 64_000_000;

/**
 * Ends requests whose body does not come, with 408: a client that sends a byte now and then would keep its socket, and what
 * is held for it, for ever. Node's own `requestTimeout` is one for all routes, and a video may take hours on a slow line.
 *
 * What is answered before its body has come is read on and thrown away, within bounds: closed at once, the connection would
 * often break under the answer; left alone, its next request would wait behind half a body.
 */
export function limitBodies(app: App, limits: BodyLimits): void {
  const watches = new WeakMap<IncomingMessage, BodyWatch>();
  // Before Fastify's own listener, so that whatever becomes of a request it has a deadline.
  app.server.prependListener('request', (request, response) => {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
    if (length !== '0' || encoding !== undefined) watches.set(request, watchBody(request, response, limits));
  });
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.isUpload) watches.get(request.raw)?.measureRate();
  });
}

interface BodyWatch {
  /** From now on it is the rate that counts, and not the time. */
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
    // It may carry thousands of requests.
    socket.off('close', stop);
  };
  request.once('end', stop);
  request.once('close', stop);
  // A request that was answered early has no end, and its connection may be kept.
  socket.once('close', stop);
  response.once('finish', () => {
    // Of a socket that is gone there is no "close" to come, which ends the watching.
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
        // What lies here unread is waiting for us: the client is not to blame.
        if (request.readableLength === 0 && came < (bytesPerSecond * overMs) / 1_000) expire();
      }, overMs);
    },
  };
}

function endRequest(request: IncomingMessage, response: ServerResponse): void {
  // Nobody reads it any more, or it was answered: there is nothing to say.
  if (response.headersSent || request.listenerCount('error') === 0) {
    request.socket.destroy();
    return;
  }
  response.shouldKeepAlive = false;
  // To whoever is reading the body, which then refuses the request as for any other error.
  request.emit(
    'error',
    new HttpProblem(
      'request_timeout',
      'The body of the request did not come in time. Send it again, over a better connection.',
    ),
  );
}
