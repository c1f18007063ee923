import type { FastifyReply, FastifyRequest } from 'fastify';

/** What of a refused body is still read, so that whoever sends it gets to hear why. */
const MOST_BYTES = 64_000_000;
const MOST_MS = 3_000;

/**
 * Reads what nobody wants of a request's body, within bounds, and has the connection closed where that was not all of it. Half
 * a body that is left on a connection is waited for there by the next request.
 */
export async function drainBody({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
  raw.unpipe();
  if (raw.readableEnded || raw.destroyed) return;
  const isAtItsEnd = await new Promise<boolean>((resolve) => {
    let byteCount = 0;
    const timer = setTimeout(() => stop(false), MOST_MS);
    const stop = (ended: boolean) => {
      clearTimeout(timer);
      raw.off('data', count).off('end', end).off('close', close);
      resolve(ended);
    };
    const count = (chunk: Buffer) => {
      byteCount += chunk.byteLength;
      if (byteCount > MOST_BYTES) stop(false);
    };
    const end = () => stop(true);
    const close = () => stop(false);
    raw.on('data', count).on('end', end).on('close', close);
    raw.resume();
  });
  if (!isAtItsEnd) reply.header('connection', 'close');
}
