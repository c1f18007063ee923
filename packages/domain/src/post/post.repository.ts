import { breaksForeignKey, inBatches, type Database, type SqlRunner } from '@solospark/db';
import { postDueJobId } from '@solospark/queue';
import type { Media } from '../media/media.ts';
import { MEDIA_OF_POST } from '../media/media.repository.ts';
import { noteChange } from './change.repository.ts';
import type { Post, PostDelivery, PostStatus } from './post.ts';

// A post with its media and deliveries is read in one statement, and changed by compare-and-set on its revision.

const POST = `
  SELECT p.id, p.organization_id AS "organizationId", p.text, p.status, p.revision,
         p.scheduled_at AS "scheduledAt", p.schedule_job_id AS "scheduleJobId", p.alarm_set_at AS "alarmSetAt",
         p.published_at AS "publishedAt", p.late_limit_minutes AS "lateLimitMinutes",
         p.created_at AS "createdAt", p.updated_at AS "updatedAt",
         ${MEDIA_OF_POST} AS media,
         COALESCE((
           SELECT jsonb_agg(jsonb_build_object(
                    'id', d.id, 'channelId', d.channel_id, 'platform', d.platform, 'handle', c.handle,
                    'channelStatus', c.status, 'channelLimits', c.limits, 'status', d.status, 'textOverride', d.text_override, 'settings', d.settings,
                    'dueAt', d.due_at, 'nextAttemptAt', d.next_attempt_at, 'attemptsUsed', d.attempts_used,
                    'remoteId', d.remote_id, 'remoteUrl', d.remote_url, 'publishedAt', d.published_at,
                    'failureKind', d.failure_kind, 'failureActor', d.failure_actor,
                    'failureReason', d.failure_reason,
                    'failurePlatformMessage', d.failure_platform_message) ORDER BY d.platform, c.handle, d.id)
           FROM delivery d JOIN channel c ON c.id = d.channel_id WHERE d.post_id = p.id), '[]') AS deliveries
  FROM post p`;

type PostRow = Omit<Post, 'deliveries'> & {
  deliveries: (Omit<PostDelivery, 'dueAt' | 'nextAttemptAt' | 'publishedAt'> & {
    dueAt: string | null;
    nextAttemptAt: string | null;
    publishedAt: string | null;
  })[];
};

/** Undefined when there is none, also for a post of another organization. Concurrent calls share a statement. */
export const findPost = inBatches(async (db, wanted: { organizationId: string; postId: string }[]) => {
  const rows = await db.query<PostRow>(`${POST} WHERE p.id = ANY ($1::uuid[]) AND p.deleted_at IS NULL`, [
    wanted.map(({ postId }) => postId),
  ]);
  return wanted.map(({ organizationId, postId }): Post | undefined => {
    const row = rows.find(({ id }) => id === postId.toLowerCase());
    return row?.organizationId === organizationId ? toPost(row) : undefined;
  });
});

export interface PostFilter {
  organizationId: string;
  status?: PostStatus | undefined;
  /**
   * On the time that the author cares about: scheduled, else published, else created. `from` is inclusive, `to` exclusive.
   */
  from?: Date | undefined;
  to?: Date | undefined;
  after?: { createdAt: Date; id: string } | undefined;
  limit: number;
}

export async function findPosts(db: SqlRunner, filter: PostFilter): Promise<Post[]> {
  const rows = await db.query<PostRow>(
    `${POST}
     WHERE p.organization_id = $1 AND p.deleted_at IS NULL
       AND ($2::post_status IS NULL OR p.status = $2::post_status)
       AND ($3::timestamptz IS NULL OR COALESCE(p.scheduled_at, p.published_at, p.created_at) >= $3)
       AND ($4::timestamptz IS NULL OR COALESCE(p.scheduled_at, p.published_at, p.created_at) < $4)
       AND ($5::timestamptz IS NULL OR (p.created_at, p.id) < ($5, $6::uuid))
     ORDER BY p.created_at DESC, p.id DESC
     LIMIT $7`,
    [
      filter.organizationId,
      filter.status ?? null,
      filter.from ?? null,
      filter.to ?? null,
      filter.after?.createdAt ?? null,
      filter.after?.id ?? null,
      filter.limit,
    ],
  );
  return rows.map(toPost);
}

/** The part of a post that its author writes: what it says, where it goes and how late it may go out. */
export interface PostContent {
  text: string;
  media: Media[];
  lateLimitMinutes: number | null;
  deliveries: Pick<
    PostDelivery,
    'channelId' | 'platform' | 'channelStatus' | 'channelLimits' | 'textOverride' | 'settings'
  >[];
}

/**
 * Does nothing when a post with this id exists. Concurrent inserts share a statement: each one locks the rows of its
 * organization and its channels against removal, and many such locks are expensive.
 */
export const insertPost = inBatches(
  async (db, items: { id: string; organizationId: string; content: PostContent }[]) => {
    const media = items.flatMap(({ id, content }) =>
      content.media.map((each, position) => ({ postId: id, mediaId: each.id, position })),
    );
    const deliveries = items.flatMap(({ id, content }) =>
      content.deliveries.map((each) => ({ postId: id, ...each })),
    );
    await db.query(
      `WITH inserted AS (
         INSERT INTO post (id, organization_id, text, late_limit_minutes)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[])
         ON CONFLICT (id) DO NOTHING RETURNING id
       ), media AS (
         INSERT INTO post_media (post_id, media_id, position)
         SELECT m.* FROM unnest($5::uuid[], $6::uuid[], $7::int[]) AS m(post_id, media_id, position)
         JOIN inserted ON inserted.id = m.post_id
       )
       INSERT INTO delivery (post_id, channel_id, platform, text_override, settings)
       SELECT d.* FROM unnest($8::uuid[], $9::uuid[], $10::text[], $11::text[], $12::jsonb[])
         AS d(post_id, channel_id, platform, text_override, settings)
       JOIN inserted ON inserted.id = d.post_id`,
      [
        items.map(({ id }) => id),
        items.map(({ organizationId }) => organizationId),
        items.map(({ content }) => content.text),
        items.map(({ content }) => content.lateLimitMinutes),
        media.map(({ postId }) => postId),
        media.map(({ mediaId }) => mediaId),
        media.map(({ position }) => position),
        deliveries.map(({ postId }) => postId),
        ...deliveryColumns(deliveries),
      ],
    );
    return items.map(() => undefined);
  },
);

export interface PostChange {
  status: PostStatus;
  scheduledAt: Date | null;
  /** Undefined: the content stays as it is. */
  content?: PostContent | undefined;
}

/**
 * Applies `change` if the post still has the revision on which it was decided, and its media are still there. Otherwise
 * changes nothing and returns undefined. This is the one place where API calls race each other and the firing: PostgreSQL
 * decides.
 */
export async function changePost(
  db: Database,
  post: Post,
  change: PostChange,
  changeId: string,
): Promise<Pick<Post, 'revision' | 'scheduleJobId' | 'updatedAt'> | undefined> {
  const revision = post.revision + 1;
  const scheduleJobId = change.scheduledAt ? postDueJobId({ postId: post.id, revision }) : null;
  const content = change.content;
  const row = { post, change, scheduleJobId, changeId };
  const updatedAt = content ? await rewritePost(db, row, content) : await updatePost(db, row);
  return updatedAt && { revision, scheduleJobId, updatedAt };
}

interface UpdatedRow {
  post: Post;
  change: PostChange;
  scheduleJobId: string | null;
  changeId: string;
}

async function rewritePost(db: Database, row: UpdatedRow, content: PostContent): Promise<Date | undefined> {
  try {
    return await db.transaction(async (tx) => {
      const updated = await updatePost(tx, row);
      if (!updated) return undefined;
      if (!(await writeMedia(tx, row.post.id, content.media))) throw new MediaChangedError();
      await writeDeliveries(tx, row.post.id, content.deliveries);
      return updated;
    });
  } catch (error) {
    if (error instanceof MediaChangedError) return undefined;
    throw error;
  }
}

/** Rolls back a change whose media was removed, or got another alt text, since the change was decided. */
class MediaChangedError extends Error {}

/** A media file of the post was removed after it was read. */
export function isMediaGone(error: unknown): boolean {
  return breaksForeignKey(error, 'post_media_media_id_fkey');
}

/** Locks rows in the order of their ids, so that two statements cannot deadlock. */
const updatePost = inBatches(async (db, items: UpdatedRow[]) => {
  const rows = await db.query<{ at: number; updatedAt: Date }>(
    `WITH change AS (
         SELECT post.id, item.* FROM post
         JOIN unnest($1::uuid[], $2::int[], $3::post_status[], $4::timestamptz[], $5::text[], $6::text[], $7::bool[], $8::int[], $9::uuid[])
           WITH ORDINALITY AS item(post_id, seen, status, scheduled_at, job_id, text, rewritten, late_limit, change_id, at)
           ON item.post_id = post.id
         WHERE post.revision = item.seen AND post.status IN ('draft', 'scheduled') AND post.deleted_at IS NULL
         ORDER BY post.id FOR UPDATE OF post
       )
       UPDATE post
       SET status = change.status, scheduled_at = change.scheduled_at, schedule_job_id = change.job_id,
           alarm_set_at = NULL, revision = revision + 1, ${noteChange('change.change_id')}, text = COALESCE(change.text, post.text),
           late_limit_minutes = CASE WHEN change.rewritten THEN change.late_limit ELSE late_limit_minutes END,
           updated_at = now()
       FROM change WHERE post.id = change.id
       RETURNING change.at, updated_at AS "updatedAt"`,
    [
      items.map(({ post }) => post.id),
      items.map(({ post }) => post.revision),
      items.map(({ change }) => change.status),
      items.map(({ change }) => change.scheduledAt),
      items.map(({ scheduleJobId }) => scheduleJobId),
      items.map(({ change }) => change.content?.text ?? null),
      items.map(({ change }) => change.content !== undefined),
      items.map(({ change }) => change.content?.lateLimitMinutes ?? null),
      items.map(({ changeId }) => changeId),
    ],
  );
  const updated = new Map(rows.map(({ at, updatedAt }) => [at, updatedAt]));
  return items.map((_, index) => updated.get(index + 1));
});

/** Marks a post as deleted, unless it is being published. Its ledger stays. */
export async function markPostDeleted(
  db: SqlRunner,
  post: Post,
  changeId: string,
): Promise<true | undefined> {
  const rows = await db.query(
    `UPDATE post
     SET deleted_at = now(), revision = revision + 1, ${noteChange('$3')}, scheduled_at = NULL, schedule_job_id = NULL,
         alarm_set_at = NULL, status = CASE WHEN status = 'scheduled' THEN 'draft' ELSE status END, updated_at = now()
     WHERE id = $1 AND revision = $2 AND status <> 'publishing' AND deleted_at IS NULL
     RETURNING id`,
    [post.id, post.revision, changeId],
  );
  return rows.length === 1 || undefined;
}

/** False when a file was removed, or has another alt text than the post was checked with. */
async function writeMedia(tx: SqlRunner, postId: string, media: Media[]): Promise<boolean> {
  await tx.query(`DELETE FROM post_media WHERE post_id = $1`, [postId]);
  if (media.length === 0) return true;
  const written = await tx.query(
    // Locked and checked again: a removal or a new alt text comes either before this or after it.
    `INSERT INTO post_media (post_id, media_id, position)
     SELECT $1, m.id, seen.position - 1
     FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS seen(media_id, alt_text, position)
     JOIN media m ON m.id = seen.media_id AND m.alt_text IS NOT DISTINCT FROM seen.alt_text
     FOR SHARE OF m
     RETURNING media_id`,
    [postId, media.map(({ id }) => id), media.map(({ altText }) => altText)],
  );
  return written.length === media.length;
}

async function writeDeliveries(
  tx: SqlRunner,
  postId: string,
  deliveries: PostContent['deliveries'],
): Promise<void> {
  await tx.query(`DELETE FROM delivery WHERE post_id = $1 AND channel_id <> ALL ($2::uuid[])`, [
    postId,
    deliveries.map((delivery) => delivery.channelId),
  ]);
  await tx.query(
    `INSERT INTO delivery (post_id, channel_id, platform, text_override, settings)
     SELECT $1, channel_id, platform, text_override, settings
     FROM unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[]) AS c(channel_id, platform, text_override, settings)
     ON CONFLICT (post_id, channel_id)
     DO UPDATE SET text_override = excluded.text_override, settings = excluded.settings, updated_at = now()`,
    [postId, ...deliveryColumns(deliveries)],
  );
}

function deliveryColumns(deliveries: PostContent['deliveries']): unknown[][] {
  return [
    deliveries.map((delivery) => delivery.channelId),
    deliveries.map((delivery) => delivery.platform),
    deliveries.map((delivery) => delivery.textOverride),
    deliveries.map((delivery) => JSON.stringify(delivery.settings)),
  ];
}

function toPost(row: PostRow): Post {
  return {
    ...row,
    deliveries: row.deliveries.map((delivery) => ({
      ...delivery,
      dueAt: toDate(delivery.dueAt),
      nextAttemptAt: toDate(delivery.nextAttemptAt),
      publishedAt: toDate(delivery.publishedAt),
    })),
  };
}

function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
