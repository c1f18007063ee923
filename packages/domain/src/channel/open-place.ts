import type { HttpClient, Publisher } from '@solospark/publishers';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { CALL_TIMEOUT_MS } from '../delivery/delivery.ts';
import { baseUrlOf, clientFor, hostAt, type Place } from './place.ts';

/** A person is waiting for the answer. */
const CONNECT_TIMEOUT_MS = CALL_TIMEOUT_MS / 2;

export interface OpenedPlace {
  baseUrl: string;
  http: HttpClient;
  at: (host: string) => string;
  now: () => Date;
}

/**
 * What the calls of a connection need.
 * @throws DomainError `sandbox_unavailable`.
 */
export function openPlace(
  ctx: Pick<Context, 'clock' | 'settings'>,
  publisher: Publisher,
  place: Place,
): OpenedPlace {
  const baseUrl = baseUrlOf(publisher, place, ctx.settings.sandboxUrl);
  if (baseUrl === null) {
    throw new DomainError(
      'sandbox_unavailable',
      'This server runs without the platform sandbox. Set SANDBOX_URL to use it.',
    );
  }
  return {
    baseUrl,
    http: clientFor(place, ctx.settings, { baseUrl, timeoutMs: CONNECT_TIMEOUT_MS }),
    at: hostAt(publisher, place, baseUrl),
    now: () => ctx.clock.now(),
  };
}
