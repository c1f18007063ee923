import { HttpProblem } from './problem-plugin.ts';
import type { App } from './types.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const READABLE_CHARSETS = ['utf-8', 'utf8', 'us-ascii'];

/**
 * Parses JSON bodies, strictly as UTF-8 (RFC 8259, 8.1): a lenient decoder would turn characters of another encoding into
 * U+FFFD, and they would be published so. An empty body is accepted where a route takes none, because many clients send the
 * JSON content type with every request.
 */
export function readJsonBodies(app: App): void {
  app.addHook('onRequest', async (request) => {
    const encoding = request.headers['content-encoding'] ?? '';
    if (!/^(identity)?$/i.test(encoding.trim())) throw new HttpProblem('unsupported_content_type', ENCODED);
  });
  app.addHook('preValidation', async (request) => {
    const isForm = /^multipart\//i.test(request.headers['content-type'] ?? '');
    if (isForm && request.routeOptions.schema?.body)
      throw new HttpProblem('unsupported_content_type', NO_FORM);
  });
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0 && !request.routeOptions.schema?.body) return done(null, undefined);
    const charset =
      /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
    const text = READABLE_CHARSETS.includes(charset.toLowerCase()) ? decoded(body as Buffer) : undefined;
    if (text === undefined) done(new HttpProblem('malformed_json', NOT_UTF8));
    else {
      void parse(request, text, (error, value) => {
        // Valid JSON, refused for a key such as `__proto__` (prototype pollution).
        if (error && isJson(text)) done(new HttpProblem('invalid_request', PROTOTYPE));
        else done(error, value);
      });
    }
  });
}

function decoded(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const ENCODED = 'The body has a Content-Encoding, and none is taken: send it as it is, without that header.';
const NO_FORM = 'Send JSON with the content type application/json.';
const PROTOTYPE =
  'The body has a field called "__proto__", or "constructor" with a "prototype": leave it out.';
const NOT_UTF8 = 'The body is not in UTF-8, as JSON has to be. Send it as UTF-8.';
