import { parseInstant, type FieldError } from '@solospark/foundation';
import type { ChannelStatus } from '../channel/channel.ts';
import { DomainError } from '../errors.ts';
import type { Settings as PostSettings } from '@solospark/publishers';
import type { Media } from '../media/media.ts';

// Pure rules of a post: what it is, what may be done to it and when. No HTTP, no SQL, no clock of its own.

export type PostStatus =
  'draft' | 'scheduled' | 'publishing' | 'published' | 'partially_published' | 'failed';

export type DeliveryStatus = 'pending' | 'publishing' | 'published' | 'failed' | 'uncertain' | 'canceled';

export interface Post {
  id: string;
  organizationId: string;
  text: string;
  status: PostStatus;
  revision: number;
  scheduledAt: Date | null;
  scheduleJobId: string | null;
  alarmSetAt: Date | null;
  publishedAt: Date | null;
  /** How late it may still go out. Null: the default. */
  lateLimitMinutes: number | null;
  createdAt: Date;
  updatedAt: Date;
  media: Media[];
  deliveries: PostDelivery[];
}

export interface PostDelivery {
  id: string;
  channelId: string;
  platform: string;
  handle: string;
  channelStatus: ChannelStatus;
  /** The limits of the account's server: read them with `limitsOf`. */
  channelLimits: unknown;
  status: DeliveryStatus;
  textOverride: string | null;
  /** What its author chose, by the platform's own schema. */
  settings: PostSettings;
  dueAt: Date | null;
  nextAttemptAt: Date | null;
  attemptsUsed: number;
  remoteId: string | null;
  remoteUrl: string | null;
  publishedAt: Date | null;
  failureKind: string | null;
  failureActor: string | null;
  failureReason: string | null;
  failurePlatformMessage: string | null;
}

/** Two years: far enough for any campaign, near enough to catch a mistyped year. */
export const MAX_SCHEDULE_AHEAD_MS = 2 * 366 * 24 * 60 * 60 * 1000;

export function isEditable(post: Post): boolean {
  return post.status === 'draft' || post.status === 'scheduled';
}

/** @throws DomainError `post_locked` when the post can no longer change. */
export function assertEditable(post: Post, wanted: string): void {
  if (isEditable(post)) return;
  const why: Record<Exclude<PostStatus, 'draft' | 'scheduled'>, string> = {
    publishing: 'It is being published right now',
    published: 'It has been published',
    partially_published: 'It has been published on some of its channels',
    failed: 'It has been tried and failed',
  };
  const status = post.status as keyof typeof why;
  throw new DomainError('post_locked', `The post can no longer be ${wanted}. ${why[status]}.`);
}

/** @throws DomainError `revision_mismatch` when the caller decided on an older state of the post. */
export function assertRevision(post: Post, expected: number | undefined): void {
  if (expected === undefined || expected === post.revision) return;
  throw new DomainError(
    'revision_mismatch',
    `The post has changed: it is at revision ${post.revision}, not ${expected}. Read it again and repeat.`,
  );
}

/**
 * Reads a time in the form of RFC 3339: date, time and an offset, so that nobody has to guess a time zone.
 * @throws DomainError `invalid_schedule` with a pointer to `scheduledAt`.
 */
export function parseScheduledAt(text: string, now: Date): Date {
  const instant = parseInstant(text);
  if (!(instant instanceof Date)) throw invalidSchedule(instant.code, instant.detail);
  if (instant.getTime() <= now.getTime()) {
    throw invalidSchedule('future', `must be in the future; it is now ${now.toISOString()}`);
  }
  if (instant.getTime() > now.getTime() + MAX_SCHEDULE_AHEAD_MS) {
    throw invalidSchedule('horizon', 'must be at most two years ahead');
  }
  return instant;
}

function invalidSchedule(code: string, detail: string): DomainError {
  return new DomainError('invalid_schedule', `scheduledAt ${detail}.`, {
    errors: [{ pointer: '/scheduledAt', code, detail }],
  });
}

/** The text of a delivery: its own where the author gave one for that channel, else the post's. */
export function textOf(post: { text: string }, delivery: { textOverride: string | null }): string {
  return delivery.textOverride ?? post.text;
}

export function invalidPost(errors: FieldError[]): DomainError {
  const first = errors[0];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new DomainError(
    'invalid_post',
    `The post cannot go out like this: ${first?.detail.replace(/\.$/, '') ?? 'unknown rule'}${more}.`,
    {
      errors,
    },
  );
}
