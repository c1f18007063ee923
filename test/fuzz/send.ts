import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { Answer } from './operations.ts';

/** Longer than any answer may take: a request without an answer by then hangs. */
const HANGS_AFTER_MS = 90_000;

export interface Sending {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Buffer | undefined;
}

export const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** @throws when the connection is closed without an answer, and when none comes. */
export function send(baseUrl: string, { method, path, headers, body }: Sending): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(baseUrl);
    const outgoing = httpRequest(
      {
        ...{ hostname, port, method, path, agent },
        // Without it, Node sends the body of a DELETE without a length, and the server reads the body as the next request.
        headers: body ? { ...headers, 'content-length': body.length } : headers,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            contentType: incoming.headers['content-type'] ?? '',
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    outgoing.setTimeout(HANGS_AFTER_MS, () => outgoing.destroy(new Error('hung: no answer')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/**
 * Sends the bytes unchanged and ends our side of the connection. Returns what the server sent until it closed the connection,
 * which may be nothing.
 */
export function sendRaw(baseUrl: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(baseUrl);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setTimeout(HANGS_AFTER_MS, () => socket.destroy(new Error('hung: neither answered nor closed')));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code ? resolve(answer) : reject(error)));
    socket.on('close', () => resolve(answer));
    socket.end(bytes);
  });
}
