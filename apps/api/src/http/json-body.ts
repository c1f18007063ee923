import { HttpProblem } from './problem-plugin.ts';
import type { App } from './types.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const READABLE_CHARSETS = ['utf-8', 'utf8', 'us-ascii'];

/**
 * JSON is UTF-8 (RFC 8259, 8.1), and nothing else is guessed: read leniently, every letter of another encoding becomes U+FFFD, and
 * is published so. Nothing at all, where a route wants nothing, is no body: many clients announce JSON with every request.
 */
export function readJsonBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0 && !request.routeOptions.schema?.body) return done(null, undefined);
    const charset =
      /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
    const text = READABLE_CHARSETS.includes(charset.toLowerCase()) ? decoded(body as Buffer) : undefined;
    if (text === undefined) done(new HttpProblem('malformed_json', NOT_UTF8));
    else void parse(request, text, done);
  });
}

function decoded(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}

const NOT_UTF8 = 'The body is not in UTF-8, as JSON has to be. Send it as UTF-8.';
