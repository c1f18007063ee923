import { callIdempotent, done, type Refusal, type Step } from '../answer.ts';
import type { PublishCall } from '../publisher.ts';
import { errors } from './errors.ts';
import { findPost, postsRequest, readPosts } from './find-post.ts';

/**
 * Which posts the organization has before the first send: whatever is among them is not ours. Noted once for a delivery,
 * since after a send whose answer got lost the lost post itself could be among them.
 */
export async function notePostsOnce(call: PublishCall): Promise<Step<true>> {
  if (call.evidence['knownUrns'] !== undefined) return lookBeforeSendingAgain(call);
  const notedAt = call.now().toISOString();
  const listed = await callIdempotent(call, errors, postsRequest(call), readPosts);
  if (listed.outcome !== 'done') return listed;
  await call.remember({ knownUrns: listed.value.map(({ id }) => id), notedAt });
  return done(true);
}

/**
 * An attempt before this one may have sent, and its post may show only now, later than `lookUp` waited. What is found
 * is handed on to `publish`.
 */
async function lookBeforeSendingAgain(call: PublishCall): Promise<Step<true>> {
  const search = await findPost<Refusal>(call, call.now(), (request, read) =>
    callIdempotent(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  if (search.value.found) await call.remember({ foundUrn: search.value.found.id });
  return done(true);
}
