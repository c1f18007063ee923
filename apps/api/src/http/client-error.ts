import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problemCatalog, type ProblemCode } from './problems.ts';

const NODE_ERRORS: Record<string, { code: ProblemCode; detail: string }> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request_timeout',
    detail: 'The request did not come in time. Send it again, over a better connection.',
  },
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    detail: 'The address and the headers of the request are too long: they may have 16 KB together.',
  },
};

const UNREADABLE = { code: 'invalid_request', detail: 'This is not an HTTP request.' } as const;

/** Answers input that Node could not parse as a request, so that no route ever sees it. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { code, detail } = NODE_ERRORS[error.code ?? ''] ?? UNREADABLE;
  const { status, body } = problemOf(code, detail, '');
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n` +
        `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  socket.destroy(error);
}

/** Refuses every Expect header but "100-continue", which Node handles itself. Fastify does not see these requests. */
export function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?', 1)[0]?.slice(0, 500) ?? '';
  const detail = 'The header Expect may only be "100-continue". Leave it out.';
  const { status, body } = problemOf('expectation_failed', detail, path);
  // The client may or may not send the body, so the connection cannot be reused.
  response
    .writeHead(status, {
      connection: 'close',
      'content-type': 'application/problem+json',
      'content-length': Buffer.byteLength(body),
    })
    .end(body);
}

function problemOf(code: ProblemCode, detail: string, instance: string): { status: number; body: string } {
  const { status, title } = problemCatalog[code];
  const type = `urn:solospark:problem:${code}`;
  // The OpenAPI document requires `instance` and `requestId`, even where the request could not be parsed.
  const problem = { type, title, status, code, detail, instance, requestId: randomUUID(), errors: [] };
  return { status, body: JSON.stringify(problem) };
}
