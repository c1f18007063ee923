import { Type } from 'typebox';
import { askQuietly, bearer, decode, inFuture, type Refusal, type Step } from '../answer.ts';
import type { PrepareOutcome, PublishCall, PublishMedia } from '../publisher.ts';
import { dialect } from './errors.ts';
import { findPost } from './find-post.ts';

/** An upload is not used when it is about to expire. */
const SPARE_MS = 10 * 60_000;
const UPLOAD_LIVES_MS = 24 * 60 * 60_000;

/** Uploads the image, then notes the newest own post (the mark): what is sent later is newer than that. */
export async function prepare(call: PublishCall): Promise<PrepareOutcome> {
  const [image] = call.media;
  if (image) {
    const uploaded = await uploadOnce(call, image);
    if (uploaded.outcome !== 'done') return uploaded;
    const described = await describeOnce(call, image, uploaded.value);
    if (described.outcome !== 'done') return described;
  }
  const noted = await noteNewestPost(call);
  return noted.outcome === 'done' ? { outcome: 'ready' } : noted;
}

async function uploadOnce(call: PublishCall, image: PublishMedia): Promise<Step<string>> {
  const { mediaId, mediaUntil } = call.witness;
  const stillGood = typeof mediaUntil === 'string' && new Date(mediaUntil) > inFuture(call.now(), SPARE_MS);
  if (typeof mediaId === 'string' && stillGood) return { outcome: 'done', value: mediaId };

  const form = new FormData();
  form.set('media', new Blob([await image.bytes()], { type: image.mimeType }), 'image');
  form.set('media_category', 'tweet_image');
  const upload = await askQuietly(
    call,
    dialect,
    { method: 'POST', path: '/2/media/upload', headers: bearer(call), form },
    (response) => decode(UploadAnswer, response)?.data,
  );
  if (upload.outcome !== 'done') return upload;

  const { id, expires_after_secs: seconds } = upload.value;
  const livesMs = seconds === undefined ? UPLOAD_LIVES_MS : seconds * 1_000;
  await call.remember({ mediaId: id, mediaUntil: inFuture(call.now(), livesMs).toISOString() });
  return { outcome: 'done', value: id };
}

async function describeOnce(call: PublishCall, image: PublishMedia, mediaId: string): Promise<Step<true>> {
  if (!image.altText || call.witness['describedMediaId'] === mediaId) return { outcome: 'done', value: true };
  const json = { id: mediaId, metadata: { alt_text: { text: image.altText } } };
  const described = await askQuietly(
    call,
    dialect,
    { method: 'POST', path: '/2/media/metadata', headers: bearer(call), json },
    () => true as const,
  );
  if (described.outcome === 'done') await call.remember({ describedMediaId: mediaId });
  return described;
}

/**
 * Taken once for a delivery, whatever happens later: if it were taken again after a send whose answer got lost, the
 * lost post itself could become the mark, and would never be found behind it.
 */
async function noteNewestPost(call: PublishCall): Promise<Step<true>> {
  if (call.witness['newestPostId'] !== undefined) return lookBeforeSendingAgain(call);
  const notedAt = call.now().toISOString();
  const newest = await askQuietly(
    call,
    dialect,
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
  return { outcome: 'done', value: true };
}

/**
 * An attempt before this one may have sent, and its post may show only now, later than `reconcile` waited. X refuses a
 * duplicate for a time that it does not tell, so it is not relied on. What is found is handed on to `publish`.
 */
async function lookBeforeSendingAgain(call: PublishCall): Promise<Step<true>> {
  const search = await findPost<Refusal>(call, call.now(), (request, read) =>
    askQuietly(call, dialect, request, read),
  );
  if (search.outcome !== 'done') return search;
  if (search.value.found) await call.remember({ foundPostId: search.value.found.id });
  return { outcome: 'done', value: true };
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

const UploadAnswer = Type.Object({
  data: Type.Object({ id: Id, expires_after_secs: Type.Optional(Type.Number()) }),
});

const NewestAnswer = Type.Object({
  data: Type.Optional(Type.Array(Type.Object({ id: Id }))),
  meta: Type.Optional(Type.Object({ result_count: Type.Number() })),
});
type NewestAnswer = Type.Static<typeof NewestAnswer>;
