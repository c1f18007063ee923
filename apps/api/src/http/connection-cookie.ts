import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

// The cookie of an author's browser while they connect an account: one cookie per connection, so that two connections at
// once do not disturb each other.

const SECONDS = 15 * 60;

export function readBrowserKey(request: FastifyRequest, way: { publicUrl: string; state: string }): string {
  return request.cookies[nameOf(way)] ?? '';
}

export function keepBrowserKey(
  reply: FastifyReply,
  way: { publicUrl: string; state: string; browserKey: string },
): void {
  void reply.setCookie(nameOf(way), way.browserKey, { ...placeOf(way), maxAge: SECONDS });
}

export function forgetBrowserKey(reply: FastifyReply, way: { publicUrl: string; state: string }): void {
  void reply.clearCookie(nameOf(way), placeOf(way));
}

/**
 * `__Host-`: browsers accept such a cookie only from this exact host and over TLS. So neither another host of the same domain
 * nor an attacker on a connection without TLS can plant a key of their own.
 */
function nameOf({ publicUrl, state }: { publicUrl: string; state: string }): string {
  const way = createHash('sha256').update(`cookie ${state}`).digest('base64url').slice(0, 16);
  return `${isSecure(publicUrl) ? '__Host-' : ''}solospark_connection_${way}`;
}

/** SameSite=Lax, because the platform redirects the author back from another site. */
function placeOf({ publicUrl }: { publicUrl: string }) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(publicUrl) } as const;
}

function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith('https:');
}
