import { bearer } from '../answer.ts';
import type { HttpRequest } from '../http.ts';
import type { AccountCall, Identity } from '../publisher.ts';

export const POST_COLLECTION = 'app.bsky.feed.post';

/** XRPC: a query is a GET, a procedure is a POST, and its name is the path. */
export function query(call: AccountCall, name: string, parameters: Record<string, string> = {}): HttpRequest {
  return { method: 'GET', path: `/xrpc/${name}`, query: parameters, headers: bearer(call) };
}

export function procedure(call: AccountCall, name: string, json: unknown): HttpRequest {
  return { method: 'POST', path: `/xrpc/${name}`, headers: bearer(call), json };
}

/** Uses the DID (`remoteAccountId`): a handle can change and then belong to another account. */
export function uriOf(account: Identity, rkey: string): string {
  return `at://${account.remoteAccountId}/${POST_COLLECTION}/${rkey}`;
}

export function urlOf(account: Identity, rkey: string): string {
  return `https://bsky.app/profile/${account.remoteAccountId}/post/${rkey}`;
}
