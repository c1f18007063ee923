import { HttpProblem } from './problem-plugin.ts';
import type { App } from './types.ts';

/** What a host and its port consist of (RFC 3986, 3.2.2), but for the comma, by which a proxy joins two of them. */
const HOST = /^[\w.~!$&'()*+;=:%[\]-]*$/;

/**
 * One Host header, as RFC 9112, 3.2 wants it: with two of them a proxy may have looked at one and we at the other. Node takes
 * the first of several, and refuses none at all without a word (`requireHostHeader`, which is off).
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
