import { HttpProblem } from './problem-plugin.ts';
import type { App } from './types.ts';

/** The characters of a host and its port (RFC 3986, 3.2.2), without the comma, with which a proxy joins two headers. */
const HOST = /^[\w.~!$&'()*+;=:%[\]-]*$/;

/**
 * Requires exactly one Host header (RFC 9112, 3.2): of two, a proxy may have used one and this server the other. Node would
 * use the first of several, and would refuse a missing one without an explanation (`requireHostHeader`, which is off).
 */
export function requireOneHost(app: App): void {
  app.addHook('onRequest', async ({ raw: { rawHeaders, httpVersion } }) => {
    const hosts = rawHeaders.filter(
      (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host',
    );
    if (hosts.length === 0 && httpVersion === '1.0') return;
    if (hosts.length === 1 && HOST.test(hosts[0] ?? '')) return;
    const detail = hosts.length === 1 ? 'must be a host, with a port or without one' : 'must be sent once';
    throw new HttpProblem('invalid_request', `The header Host ${detail}.`);
  });
}
