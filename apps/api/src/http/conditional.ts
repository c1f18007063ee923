import { createHash } from 'node:crypto';
import type { App } from './types.ts';

/**
 * Sets an ETag on every answer to a GET, and answers 304 when If-None-Match has that tag. The answer is built in any case:
 * this saves transfer and work of the client, not work here. A post's tag begins with its revision, for If-Match; a hash of
 * the content follows, because deliveries change without a new revision.
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
    // Answers depend on the API key: shared caches must not keep them, and private ones must revalidate.
    reply.header('cache-control', 'private, no-cache').header('vary', 'x-api-key');
    if (!isKnown(tag, request.headers['if-none-match'])) return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return '';
  });
}

/** Compares weakly (RFC 9110, 13.1.2), because a proxy that compresses makes tags weak. A malformed tag matches none. */
export function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.match(/"[^"]*"/g)?.includes(tag) ?? false;
}
