import { Type } from 'typebox';
import { callIdempotent, bearer, decode, done, type Refusal, type Step } from '../answer.ts';
import type { PrepareOutcome, PublishCall } from '../publisher.ts';
import { uploadSequentially } from '../uploads.ts';
import { errors } from './errors.ts';
import { findPost } from './find-post.ts';
import { uploadFile } from './upload-file.ts';

/** Uploads the files, then notes the author's newest post (the mark): our post will be newer. */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  const uploaded = await uploadSequentially(call.media, (file) => uploadFile(call, file));
  if (uploaded.outcome !== 'done') return uploaded;
  const noted = await noteNewestPost(call);
  return noted.outcome === 'done' ? { outcome: 'ready' } : noted;
}

/**
 * The mark is noted once per delivery. Noted again after a send whose answer got lost, it could be the lost post itself, which
 * would then never be found.
 */
async function noteNewestPost(call: PublishCall): Promise<Step<true>> {
  if (call.evidence['newestPostId'] !== undefined) return lookBeforeSendingAgain(call);
  const notedAt = call.now().toISOString();
  const newest = await callIdempotent(
    call,
    errors,
    {
      method: 'GET',
      path: `/2/users/${encodeURIComponent(call.account.remoteAccountId)}/tweets`,
      query: { max_results: 5 },
      headers: bearer(call),
    },
    (response) => newestPostOf(decode(NewestAnswer, response)),
  );
  if (newest.outcome !== 'done') return newest;
  await call.remember({ newestPostId: newest.value.id, notedAt });
  return done(true);
}

/**
 * An earlier attempt may have sent the post, and it may be listed only now, later than `lookUp` waited. X refuses duplicates only
 * for an unknown time, so that is no protection. `publish` uses what is found.
 */
async function lookBeforeSendingAgain(call: PublishCall): Promise<Step<true>> {
  const search = await findPost<Refusal>(call, call.now(), (request, read) =>
    callIdempotent(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  if (search.value.found) await call.remember({ foundPostId: search.value.found.id });
  return done(true);
}

/** A missing list counts as empty only with a count of zero: a 200 with only `errors` says nothing. */
function newestPostOf(answer: NewestAnswer | undefined): { id: string | null } | undefined {
  const ids = (answer?.data ?? []).map((post) => post.id);
  if (ids.length > 0) return { id: ids.reduce(newer) };
  return answer?.meta?.result_count === 0 ? { id: null } : undefined;
}

/** Ids are decimal numbers too large for a JavaScript number. */
function newer(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b;
}

const Id = Type.String({ pattern: '^[0-9]{1,19}$' });

const NewestAnswer = Type.Object({
  data: Type.Optional(Type.Array(Type.Object({ id: Id }))),
  meta: Type.Optional(Type.Object({ result_count: Type.Number() })),
});
type NewestAnswer = Type.Static<typeof NewestAnswer>;
