import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

// What an author's browser keeps while they are on the way to a platform and back: one cookie for each way, so that two of
// them at once do not hinder each other.

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
 * `__Host-`: browsers take it from this very host only and over TLS, so that no neighbour (another host of the same domain, or
 * whoever answers for this one without TLS) can put a key of theirs into somebody's browser.
 */
function nameOf({ publicUrl, state }: { publicUrl: string; state: string }): string {
  const way = createHash('sha256').update(`cookie ${state}`).digest('base64url').slice(0, 16);
  return `${isSecure(publicUrl) ? '__Host-' : ''}solospark_connection_${way}`;
}

/** Lax: the platform sends the author back from another site. */
function placeOf({ publicUrl }: { publicUrl: string }) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(publicUrl) } as const;
}

function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith('https:');
}
