import { parseUrl } from '@solospark/foundation';
import { createHttpClient, type HttpClient, type HttpRequest, type Publisher } from '@solospark/publishers';
import type { Settings } from '../context.ts';

/** Which of a platform's servers an account lives on: the sandbox, the author's own (an origin), or the platform's. */
export interface Place {
  sandbox: boolean;
  server: string;
}

/** How long a call to a platform may take, but for the public one. */
export const CALL_TIMEOUT_MS = 20_000;

/** Where the place's API is. Null: it is the sandbox's, and none runs. */
export function baseUrlOf(publisher: Publisher, place: Place, sandboxUrl: string | null): string | null {
  if (!place.sandbox) return place.server || publisher.baseUrl;
  return sandboxUrl === null ? null : `${sandboxUrl}/${publisher.id}`;
}

/** The address of one of a platform's hosts at this place. Only a platform that is one service has several. */
export function hostAt(publisher: Publisher, place: Place, baseUrl: string): (host: string) => string {
  return (host) => (place.sandbox || publisher.anyServer ? baseUrl : host);
}

/**
 * A link that shows a post at this place. Publishers know their platform's own; the sandbox has a page at the same path below its
 * own address, and there is nothing at the platform's.
 */
export function linkAt(place: Place, baseUrl: string, link: string | null): string | null {
  const url = place.sandbox && link !== null ? parseUrl(link) : null;
  if (!url || url.href.startsWith(`${baseUrl}/`)) return link;
  return `${baseUrl}${url.pathname}${url.search}`;
}

/** How the API at this place is spoken to. An author may have named its host: then only public addresses are behind it. */
export function clientFor(
  place: Place,
  settings: Pick<Settings, 'allowPrivateServers' | 'contactUrl'>,
  options: {
    baseUrl: string;
    timeoutMs: number;
    signal?: AbortSignal;
    onRequest?: (request: HttpRequest) => void;
    beforeSend?: (request: HttpRequest) => void;
  },
): HttpClient {
  const publicOnly = !place.sandbox && place.server !== '' && !settings.allowPrivateServers;
  return createHttpClient({ ...options, publicOnly, contact: settings.contactUrl });
}
