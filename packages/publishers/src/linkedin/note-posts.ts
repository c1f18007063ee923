import { callIdempotent, done, type Refusal, type Step } from '../answer.ts';
import type { PublishCall } from '../publisher.ts';
import { errors } from './errors.ts';
import { findPost, postsRequest, readPosts } from './find-post.ts';

/**
 * Notes the organization's posts before the first send: they are not ours. Noted once per delivery, because after a send whose
 * answer got lost, the list could contain our own post.
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
 * An earlier attempt may have sent the post, and it may be listed only now, later than `lookUp` waited. `publish` uses what is
 * found.
 */
async function lookBeforeSendingAgain(call: PublishCall): Promise<Step<true>> {
  const search = await findPost<Refusal>(call, call.now(), (request, read) =>
    callIdempotent(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  if (search.value.found) await call.remember({ foundUrn: search.value.found.id });
  return done(true);
}
