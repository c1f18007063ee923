import { Type } from 'typebox';
import { findProblem } from '../../validation.ts';
import type { PostMedia, PublicPost, Shelf } from '../../world/posts.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { handleOfDomain, isPostCollection, uriOf } from './accounts.ts';
import { findBlob, type Blobs } from './blobs.ts';
import { cidOfRecord, isTid } from './content-id.ts';
import { blobsOf, findRecordProblem, settingsOf, type PostRecord } from './record-schema.ts';
import { authenticationRequired, internalError, invalidRequest, invalidSwap } from './refusals.ts';

export interface BlueskyPost extends PublicPost {
  rkey: string;
  cid: string;
  record: PostRecord;
}

const strict = { additionalProperties: false };
const WriteBody = Type.Object(
  {
    repo: Type.String(),
    collection: Type.String(),
    rkey: Type.Optional(Type.String()),
    record: Type.Unknown(),
    validate: Type.Optional(Type.Boolean()),
    swapRecord: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  strict,
);
const DeleteBody = Type.Object(
  { repo: Type.String(), collection: Type.String(), rkey: Type.String() },
  strict,
);
type WriteBody = { repo: string; rkey?: string; record: PostRecord; swapRecord?: string | null };

/** The writing calls. The writer chooses the key of a record; its CID is a hash of its content. */
export function writingEndpoints(
  rules: { refusesSlips: boolean },
  posts: Shelf<BlueskyPost>,
  blobs: Blobs,
  nextTid: () => string,
): Endpoint[] {
  function put(call: Call): Answer {
    const refusal = checkWrite(call, rules);
    if (refusal) return refusal;
    const { rkey, record, swapRecord } = call.request.body as WriteBody;
    if (rkey === undefined) return invalidRequest('Input must have the property "rkey"');
    const current = posts.find(uriOf(call.account.id, rkey));
    // An identical record is not written again, and `swapRecord` is not checked for it.
    if (current?.cid === cidOfRecord(record)) return written(current, undefined);
    if (swapRecord !== undefined && swapRecord !== (current?.cid ?? null)) return invalidSwap(current?.cid);
    return write(call, rkey, record, current);
  }

  /** Writes only new records. For a key that exists the answer is a plain 500, as on the real server. */
  function create(call: Call): Answer {
    const refusal = checkWrite(call, rules);
    if (refusal) return refusal;
    const { rkey = nextTid(), record, swapRecord } = call.request.body as WriteBody;
    if (swapRecord !== undefined) return invalidRequest('Unknown input: swapRecord');
    if (posts.find(uriOf(call.account.id, rkey))) return internalError();
    return write(call, rkey, record, undefined);
  }

  function write(
    { account, now, origin, alteration }: Call,
    rkey: string,
    record: PostRecord,
    current?: BlueskyPost,
  ) {
    const media: PostMedia[] = [];
    for (const { blob, alt } of blobsOf(record)) {
      const found = findBlob(blobs, account.id, blob, now);
      if ('refusal' in found) return found.refusal;
      found.stored.kept = true;
      media.push({ imageId: found.stored.imageId, altText: alt });
    }
    const settings = settingsOf(record);
    const content = { text: record.text, media, settings, record, cid: cidOfRecord(record) };
    if (current) return written(Object.assign(current, content), nextTid());
    const post: BlueskyPost = {
      ...content,
      account: account.handle,
      id: uriOf(account.id, rkey),
      rkey,
      url: `${origin}/bluesky/profile/${account.id}/post/${rkey}`,
      createdAt: now,
      visibleAt: now + (alteration('delayed-visibility')?.ms ?? 0),
    };
    posts.add(post);
    return written(post, nextTid());
  }

  /** Idempotent: deleting an unknown record is a success, too. */
  function remove(call: Call): Answer {
    const refusal = checkTarget(call, DeleteBody);
    if (refusal) return refusal;
    const { rkey } = call.request.body as { rkey: string };
    posts.remove(uriOf(call.account.id, rkey));
    return { status: 200, body: {} };
  }

  return [
    { method: 'POST', url: '/xrpc/com.atproto.repo.putRecord', step: 'publish', answer: put },
    { method: 'POST', url: '/xrpc/com.atproto.repo.createRecord', step: 'publish', answer: create },
    { method: 'POST', url: '/xrpc/com.atproto.repo.deleteRecord', step: 'delete', answer: remove },
  ];
}

/** The answer has a `commit` only when something changed. */
function written(post: BlueskyPost, rev: string | undefined): Answer {
  const commit = rev === undefined ? {} : { commit: { cid: cidOfRecord({ rev, of: post.cid }), rev } };
  return { status: 200, body: { uri: post.id, cid: post.cid, ...commit, validationStatus: 'valid' } };
}

function checkWrite(call: Call, rules: { refusesSlips: boolean }): Answer | undefined {
  const refusal = checkTarget(call, WriteBody);
  if (refusal) return refusal;
  const { rkey, record } = call.request.body as WriteBody;
  if (rkey !== undefined && !isTid(rkey)) return invalidRequest(`Invalid record key: ${rkey} is not a TID`);
  const problem = findRecordProblem(record, rules);
  return problem === undefined ? undefined : invalidRequest(`Invalid app.bsky.feed.post record: ${problem}`);
}

/** Checks the body's schema, and that it names the caller's own repository, by DID or by handle. */
function checkTarget(
  { request, account }: Call,
  schema: typeof WriteBody | typeof DeleteBody,
): Answer | undefined {
  const problem = findProblem(schema, request.body);
  if (problem) return invalidRequest(`Invalid input: ${problem.field || 'body'} ${problem.rule}`);
  const { repo, collection } = request.body as { repo: string; collection: string };
  if (repo !== account.id && handleOfDomain(repo) !== account.handle) {
    return authenticationRequired('Authentication Required');
  }
  return isPostCollection(collection) ? undefined : invalidRequest(`${collection} is not played here`);
}
