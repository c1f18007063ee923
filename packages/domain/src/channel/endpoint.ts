import { parseUrl } from '@solospark/foundation';
import { createHttpClient, type HttpClient, type HttpRequest, type Publisher } from '@solospark/publishers';
import type { Settings } from '../context.ts';

/** Which of a platform's servers an account lives on: the sandbox, the author's own (an origin), or the platform's. */
export interface Endpoint {
  sandbox: boolean;
  server: string;
}

/** How long a call to a platform may take, except for the public one. */
export const CALL_TIMEOUT_MS = 20_000;

/** The base URL of the endpoint's API. Null: the endpoint is the sandbox, and none runs. */
export function baseUrlOf(
  publisher: Publisher,
  endpoint: Endpoint,
  sandboxUrl: string | null,
): string | null {
  if (!endpoint.sandbox) return endpoint.server || publisher.baseUrl;
  return sandboxUrl === null ? null : `${sandboxUrl}/${publisher.id}`;
}

/** The address of one of a platform's hosts at this endpoint. Only a platform that is one service has several hosts. */
export function hostAt(publisher: Publisher, endpoint: Endpoint, baseUrl: string): (host: string) => string {
  return (host) => (endpoint.sandbox || publisher.anyServer ? baseUrl : host);
}

/**
 * A link that shows a post at this endpoint. Publishers know their platform's own links; the sandbox shows its posts at the
 * same path below its own address.
 */
export function linkAt(endpoint: Endpoint, baseUrl: string, link: string | null): string | null {
  const url = endpoint.sandbox && link !== null ? parseUrl(link) : null;
  if (!url || url.href.startsWith(`${baseUrl}/`)) return link;
  return `${baseUrl}${url.pathname}${url.search}`;
}

/** `linkAt` for every link in a sentence. */
export function linksAt(endpoint: Endpoint, baseUrl: string, sentence: string): string {
  return sentence.replace(/https?:\/\/\S*[^\s.,;:!?)]/g, (link) => linkAt(endpoint, baseUrl, link) ?? link);
}

/** The client for the API of this endpoint. If an author may have named the host, only public addresses are allowed. */
export function clientFor(
  endpoint: Endpoint,
  settings: Pick<Settings, 'allowPrivateServers' | 'contactUrl'>,
  options: {
    baseUrl: string;
    timeoutMs: number;
    signal?: AbortSignal;
    onRequest?: (request: HttpRequest) => void;
    beforeSend?: (request: HttpRequest) => void;
  },
): HttpClient {
  const publicOnly = !endpoint.sandbox && endpoint.server !== '' && !settings.allowPrivateServers;
  return createHttpClient({ ...options, publicOnly, contact: settings.contactUrl });
}
