import { RefusedAddressError, type HttpClient, type Publisher } from '@solospark/publishers';
import type { Context } from '../context.ts';
import { invalidConnection } from './invalid-connection.ts';
import { DomainError } from '../errors.ts';
import { baseUrlOf, CALL_TIMEOUT_MS, clientFor, hostAt, type Endpoint } from './endpoint.ts';

/** A person is waiting for the answer. */
const CONNECT_TIMEOUT_MS = CALL_TIMEOUT_MS / 2;

export interface OpenedEndpoint {
  baseUrl: string;
  http: HttpClient;
  at: (host: string) => string;
  now: () => Date;
}

/**
 * What the calls of a connection need.
 * @throws DomainError `sandbox_unavailable`. The client throws `invalid_connection` where the author has named a server that
 * is not on the public internet: the author can correct that, and no server is down.
 */
export function openEndpoint(
  ctx: Pick<Context, 'clock' | 'settings'>,
  publisher: Publisher,
  endpoint: Endpoint,
): OpenedEndpoint {
  const baseUrl = baseUrlOf(publisher, endpoint, ctx.settings.sandboxUrl);
  if (baseUrl === null) {
    throw new DomainError(
      'sandbox_unavailable',
      'This server runs without the platform sandbox. Set SANDBOX_URL to use it.',
    );
  }
  return {
    baseUrl,
    http: refusing(clientFor(endpoint, ctx.settings, { baseUrl, timeoutMs: CONNECT_TIMEOUT_MS })),
    at: hostAt(publisher, endpoint, baseUrl),
    now: () => ctx.clock.now(),
  };
}

function refusing(http: HttpClient): HttpClient {
  return {
    async request(request) {
      try {
        return await http.request(request);
      } catch (error) {
        if (!(error instanceof RefusedAddressError)) throw error;
        throw invalidConnection('/server', 'not_public', 'must be a server on the public internet', error);
      }
    },
  };
}
