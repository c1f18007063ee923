import {
  type ChannelSummary,
  type Context,
  EXPIRY_WARNING_MS,
  limitsOf,
  type Media,
  type Post,
  type PostDelivery,
  signMediaUrl,
  THUMBNAIL,
  warningsOf,
} from '@solospark/domain';

// Maps the domain's values to the shapes in schemas.ts. Makes no decisions.

const HOUR_MS = 60 * 60 * 1000;
const MEDIA_LINK_MS = 24 * HOUR_MS;

export function presentPost(ctx: Context, post: Post) {
  return {
    id: post.id,
    status: post.status,
    revision: post.revision,
    text: post.text,
    scheduledAt: instant(post.scheduledAt),
    scheduleJobId: post.scheduleJobId,
    alarm: post.scheduleJobId === null ? null : post.alarmSetAt ? ('set' as const) : ('pending' as const),
    publishedAt: instant(post.publishedAt),
    lateLimitMinutes: post.lateLimitMinutes,
    createdAt: post.createdAt.toISOString(),
    updatedAt: post.updatedAt.toISOString(),
    media: post.media.map((media) => presentMedia(ctx, media)),
    deliveries: post.deliveries.map(presentDelivery),
    warnings: warningsOf(ctx, post),
  };
}

export function presentMedia(ctx: Context, { renditions, ...media }: Media) {
  // The same link for up to an hour, so that If-None-Match can be answered with 304.
  const nextHour = Math.ceil(ctx.clock.now().getTime() / HOUR_MS) * HOUR_MS;
  const expiresAt = new Date(nextHour + MEDIA_LINK_MS);
  const hasThumbnail = renditions.some(({ name }) => name === THUMBNAIL);
  return {
    ...media,
    url: signMediaUrl(ctx.settings, media.id, expiresAt),
    thumbnailUrl: hasThumbnail ? signMediaUrl(ctx.settings, media.id, expiresAt, THUMBNAIL) : null,
  };
}

export function presentChannel(ctx: Context, channel: ChannelSummary) {
  const { id, platform, handle, remoteAccountId, server, sandbox, status, reconnectReason, expiresAt } =
    channel;
  const publisher = ctx.findPublisher(platform);
  const leftMs = expiresAt ? expiresAt.getTime() - ctx.clock.now().getTime() : Infinity;
  return {
    id,
    platform,
    handle,
    remoteAccountId,
    server: server || null,
    sandbox,
    status,
    reconnectReason,
    expiresAt: instant(expiresAt),
    expiresSoon: leftMs < EXPIRY_WARNING_MS,
    holdsPosts: channel.holdsPosts,
    limits: publisher ? limitsOf(publisher, channel) : null,
    createdAt: channel.createdAt.toISOString(),
  };
}

function presentDelivery(delivery: PostDelivery) {
  return {
    id: delivery.id,
    channelId: delivery.channelId,
    platform: delivery.platform,
    handle: delivery.handle,
    status: delivery.status,
    text: delivery.textOverride,
    settings: delivery.settings,
    dueAt: instant(delivery.dueAt),
    nextAttemptAt: instant(delivery.nextAttemptAt),
    attempts: delivery.attemptsUsed,
    publishedAt: instant(delivery.publishedAt),
    remoteId: delivery.remoteId,
    remoteUrl: delivery.remoteUrl,
    failure: presentFailure(delivery),
  };
}

function presentFailure(delivery: PostDelivery) {
  const { failureKind: kind, failureActor: actor, failureReason: reason } = delivery;
  if (kind === null) return null;
  const { failurePlatformMessage: platformMessage } = delivery;
  return { kind, actor: actor ?? 'operator', reason: reason ?? kind, platformMessage };
}

function instant(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
