import { Type } from 'typebox';
import { callIdempotent, bearer, decode, done, type Refusal, type Step } from '../answer.ts';
import type { PrepareOutcome, PublishCall } from '../publisher.ts';
import { uploadSequentially } from '../uploads.ts';
import { errors } from './errors.ts';
import { findPost } from './find-post.ts';
import { uploadFile } from './upload-file.ts';

/** Uploads the files, then notes the newest own post (the mark): what is sent later is newer than that. */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  const uploaded = await uploadSequentially(call.media, (file) => uploadFile(call, file));
  if (uploaded.outcome !== 'done') return uploaded;
  const noted = await noteNewestPost(call);
  return noted.outcome === 'done' ? { outcome: 'ready' } : noted;
}

/**
 * Taken once for a delivery, whatever happens later: if it were taken again after a send whose answer got lost, the
 * lost post itself could become the mark, and would never be found behind it.
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
 * An attempt before this one may have sent, and its post may show only now, later than `lookUp` waited. X refuses a
 * duplicate for a time that it does not tell, so it is not relied on. What is found is handed on to `publish`.
 */
async function lookBeforeSendingAgain(call: PublishCall): Promise<Step<true>> {
  const search = await findPost<Refusal>(call, call.now(), (request, read) =>
    callIdempotent(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  if (search.value.found) await call.remember({ foundPostId: search.value.found.id });
  return done(true);
}

/** An empty list counts when X says that it is empty; a 200 that carries only `errors` says nothing. */
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
