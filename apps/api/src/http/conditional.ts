import { createHash } from 'node:crypto';
import type { App } from './types.ts';

/**
 * Gives every answer that is read a tag of what it says, and answers 304 to whoever has it already. The answer is made all the
 * same: what is saved is its way, and the client's work. A post's tag begins with its revision, which is what If-Match asks
 * for; that alone would not do here, since what becomes of its deliveries changes no revision.
 */
export function answerConditionally(app: App): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const revision = reply.getHeader('etag');
    if (typeof payload !== 'string' || !(isRead ? reply.statusCode === 200 : typeof revision === 'string')) {
      return payload;
    }
    const digest = createHash('sha256').update(payload).digest('base64url').slice(0, 22);
    const tag = typeof revision === 'string' ? `"${revision.slice(1, -1)}-${digest}"` : `"${digest}"`;
    reply.header('etag', tag);
    if (!isRead) return payload;
    // What one key may read is for nobody else, and is asked for anew each time.
    reply.header('cache-control', 'private, no-cache').header('vary', 'x-api-key');
    if (!isKnown(tag, request.headers['if-none-match'])) return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return '';
  });
}

/** By the weak comparison (RFC 9110, 13.1.2): a proxy that compresses makes a tag weak. What is no tag matches none. */
export function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.match(/"[^"]*"/g)?.includes(tag) ?? false;
}
