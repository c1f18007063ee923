import type { FastifyRequest } from 'fastify';
import type { Step } from '../../steps.ts';

const readable = [
  ...['accounts', 'blocks', 'bookmarks', 'favourites', 'filters', 'follows', 'lists', 'mutes'],
  ...['notifications', 'search', 'statuses'],
];
const writable = [
  ...['accounts', 'blocks', 'bookmarks', 'conversations', 'favourites', 'filters', 'follows', 'lists'],
  ...['media', 'mutes', 'notifications', 'reports', 'statuses'],
];

export const knownScopes = [
  ...['read', ...readable.map((area) => `read:${area}`)],
  ...['write', ...writable.map((area) => `write:${area}`)],
  ...['profile', 'follow', 'push'],
];

/** The scopes for each step; any one of them is enough. */
const wantedScopes: Partial<Record<Step, readonly string[]>> = {
  identity: ['read:accounts', 'profile'],
  upload: ['write:media'],
  status: ['write:media'],
  publish: ['write:statuses'],
  lookup: ['read:statuses'],
  delete: ['write:statuses'],
};

/** A scope without an area, such as `write`, includes all of its areas. */
export function allowsCall(
  scopes: readonly string[],
  { step, request }: { step: Step; request: FastifyRequest },
): boolean {
  const wanted = wantedScopes[step];
  if (wanted === undefined || isAboutInstance(request)) return true;
  return wanted.some((scope) => scopes.includes(scope) || scopes.includes(scope.split(':')[0] ?? scope));
}

/** True for the instance calls, which need no token. */
export const isAboutInstance = (request: FastifyRequest) => /\/api\/v[12]\/instance$/.test(request.url);
