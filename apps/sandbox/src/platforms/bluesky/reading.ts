import type { Shelf } from '../../world/posts.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { didIn, didOf, isPostCollection, uriOf } from './accounts.ts';
import type { BlueskyPost } from './records.ts';
import { invalidRequest, recordNotFound } from './refusals.ts';

type Query = Partial<Record<string, string>>;

/** The reading calls: records of a repository, and the DID of a handle. Real servers require no token for them. */
export function readingEndpoints(world: World, posts: Shelf<BlueskyPost>): Endpoint[] {
  /** The account of a DID or a handle; undefined for one that has never called. */
  function handleOf(repo: string | undefined): string | undefined {
    return world.handles.get(`bluesky ${didIn(repo ?? '')}`);
  }

  function read({ request, now }: Call): Answer {
    const { repo, collection, rkey, cid } = request.query as Query;
    if (rkey === undefined || collection === undefined || repo === undefined) {
      return invalidRequest('Params must have the properties "repo", "collection" and "rkey"');
    }
    const handle = handleOf(repo);
    if (handle === undefined) return invalidRequest('Could not locate record');
    const uri = uriOf(didOf(handle), rkey);
    const post = isPostCollection(collection) ? posts.find(uri) : undefined;
    const isThere = post && post.visibleAt <= now && (cid === undefined || cid === post.cid);
    return isThere ? { status: 200, body: present(post) } : recordNotFound(uri);
  }

  /** Newest key first, or oldest first with `reverse`; the cursor is the last key of the page. */
  function list({ request, now }: Call): Answer {
    const { repo, collection, cursor, limit: asked, reverse } = request.query as Query;
    const handle = handleOf(repo);
    if (handle === undefined) return invalidRequest(`Could not find repo: ${repo}`);
    const limit = Number(asked ?? '50');
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) return invalidRequest('limit must be 1 to 100');
    const forwards = reverse === 'true';
    const shown = (isPostCollection(collection) ? posts.ofAccount(handle) : [])
      .filter((post) => post.visibleAt <= now)
      .filter((post) => cursor === undefined || (forwards ? post.rkey > cursor : post.rkey < cursor))
      .sort((a, b) => (a.rkey < b.rkey === forwards ? -1 : 1))
      .slice(0, limit);
    const last = shown.at(-1);
    return { status: 200, body: { records: shown.map(present), ...(last && { cursor: last.rkey }) } };
  }

  function resolve({ request }: Call): Answer {
    const { handle: domain } = request.query as Query;
    const handle = handleOf(domain?.startsWith('did:') ? undefined : domain);
    if (handle === undefined) return invalidRequest('Unable to resolve handle');
    return { status: 200, body: { did: didOf(handle) } };
  }

  return [
    { method: 'GET', url: '/xrpc/com.atproto.repo.getRecord', step: 'lookup', answer: read },
    { method: 'GET', url: '/xrpc/com.atproto.repo.listRecords', step: 'lookup', answer: list },
    { method: 'GET', url: '/xrpc/com.atproto.identity.resolveHandle', step: 'identity', answer: resolve },
  ];
}

const present = (post: BlueskyPost) => ({ uri: post.id, cid: post.cid, value: post.record });
