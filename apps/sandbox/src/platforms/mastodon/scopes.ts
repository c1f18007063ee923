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

/** Any one of these is enough. */
const wantedScopes: Partial<Record<Step, readonly string[]>> = {
  identity: ['read:accounts', 'profile'],
  upload: ['write:media'],
  status: ['write:media'],
  publish: ['write:statuses'],
  lookup: ['read:statuses'],
  delete: ['write:statuses'],
};

/** A scope without an area stands for all of its areas. */
export function allowsCall(
  scopes: readonly string[],
  { step, request }: { step: Step; request: FastifyRequest },
): boolean {
  const wanted = wantedScopes[step];
  if (wanted === undefined || isAboutInstance(request)) return true;
  return wanted.some((scope) => scopes.includes(scope) || scopes.includes(scope.split(':')[0] ?? scope));
}

/** The server tells everybody about itself. */
export const isAboutInstance = (request: FastifyRequest) => /\/api\/v[12]\/instance$/.test(request.url);
