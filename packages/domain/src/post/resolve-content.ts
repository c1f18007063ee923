import { findUnkeepable, sayWhere, type FieldError } from '@solospark/foundation';
import { checkSettings, type Settings } from '@solospark/publishers';
import { findActiveChannels, type ChannelSummary } from '../channel/channel.repository.ts';
import type { Context } from '../context.ts';
import type { Media } from '../media/media.ts';
import { findMedia } from '../media/media.repository.ts';
import { invalidPost } from './post.ts';
import type { PostContent } from './post.repository.ts';

/** What a caller may say about a post. Its channels are given by id, or as every active channel of these platforms. */
export interface ContentInput {
  text?: string | undefined;
  mediaIds?: string[] | undefined;
  channelIds?: string[] | undefined;
  platforms?: string[] | undefined;
  /** The text for one channel instead of `text`, by channel id. */
  channelTexts?: Record<string, string> | undefined;
  /** The settings for one channel, in the schema of its platform, by channel id. */
  channelSettings?: Record<string, Settings> | undefined;
  /** Null: the default. */
  lateLimitMinutes?: number | null | undefined;
}

type Target = Pick<ChannelSummary, 'id' | 'platform' | 'status' | 'limits'>;

/**
 * Applies the caller's input to the current content of a post. Everything named must exist and belong to the organization.
 * @throws DomainError `invalid_post` naming each unknown id by pointer.
 */
export async function resolveContent(
  ctx: Context,
  organizationId: string,
  input: ContentInput,
  current: PostContent,
): Promise<PostContent> {
  const errors: FieldError[] = [];
  const channels = await resolveChannels(ctx, organizationId, input, errors);
  const targets: Target[] =
    channels ??
    current.deliveries.map(({ channelId: id, platform, channelStatus: status, channelLimits: limits }) => ({
      id,
      platform,
      status,
      limits,
    }));
  const currentOf = new Map(current.deliveries.map((delivery) => [delivery.channelId, delivery]));
  checkChannels('channelTexts', input.channelTexts, targets, errors);
  checkChannels('channelSettings', input.channelSettings, targets, errors);
  checkCharacters(input, errors);
  checkChannelSettings(ctx, input, targets, errors);
  const media = await resolveMedia(ctx, organizationId, input.mediaIds, errors);
  if (errors.length > 0) throw invalidPost(errors);
  return {
    text: input.text ?? current.text,
    media: media ?? current.media,
    lateLimitMinutes:
      input.lateLimitMinutes === undefined ? current.lateLimitMinutes : input.lateLimitMinutes,
    deliveries: targets.map(({ id, platform, status, limits }) => ({
      channelId: id,
      platform,
      channelStatus: status,
      channelLimits: limits,
      textOverride: (input.channelTexts ? input.channelTexts[id] : currentOf.get(id)?.textOverride) ?? null,
      settings: (input.channelSettings ? input.channelSettings[id] : currentOf.get(id)?.settings) ?? {},
    })),
  };
}

function checkCharacters(input: ContentInput, errors: FieldError[]): void {
  const texts = Object.entries(input.channelTexts ?? {}).map(([id, text]) => [`/channelTexts/${id}`, text]);
  for (const [pointer = '', text = ''] of [['/text', input.text], ...texts]) {
    const at = findUnkeepable(text);
    if (!at) continue;
    const detail = `the text must be whole Unicode characters, without NUL: take out ${sayWhere(at)}`;
    errors.push({ pointer, code: 'characters', detail, at });
  }
}

function checkChannels(
  field: string,
  byChannel: Record<string, unknown> | undefined,
  targets: Target[],
  errors: FieldError[],
): void {
  for (const channelId of Object.keys(byChannel ?? {})) {
    if (targets.some((target) => target.id === channelId)) continue;
    const detail = `${channelId} is not one of the channels that the post goes to`;
    errors.push({ pointer: `/${field}/${channelId}`, code: 'unknown_channel', detail });
  }
}

function checkChannelSettings(
  ctx: Context,
  { channelSettings = {} }: ContentInput,
  targets: Target[],
  errors: FieldError[],
): void {
  for (const { id, platform } of targets) {
    const settings = channelSettings[id];
    if (!settings) continue;
    const publisher = ctx.findPublisher(platform);
    if (!publisher) {
      const detail = `${platform} is not a platform that this installation knows`;
      errors.push({ pointer: `/channelSettings/${id}`, code: 'unknown_platform', detail });
      continue;
    }
    for (const { field, code, detail, at } of checkSettings(publisher, settings)) {
      const pointer = `/channelSettings/${id}${field.slice('settings'.length)}`;
      errors.push({ pointer, code, detail: `${publisher.name}: ${detail}`, ...(at && { at }) });
    }
  }
}

async function resolveChannels(
  ctx: Context,
  organizationId: string,
  input: ContentInput,
  errors: FieldError[],
): Promise<Target[] | undefined> {
  if (!input.channelIds && !input.platforms) return undefined;
  const { channelIds: ids = [], platforms = [] } = input;
  // PostgreSQL accepts no text with NUL in it, and no platform has such a name.
  const asked = platforms.filter((platform) => !platform.includes('\0'));
  const active = await findActiveChannels(ctx.db, { organizationId, ids, platforms: asked });
  const chosen = new Map<string, ChannelSummary>();
  input.channelIds?.forEach((id, index) => {
    const channel = active.find((candidate) => candidate.id === id);
    if (channel) chosen.set(id, channel);
    else {
      const detail = `${id} is not an active channel of this organization`;
      errors.push({ pointer: `/channelIds/${index}`, code: 'unknown_channel', detail });
    }
  });
  input.platforms?.forEach((platform, index) => {
    const channels = active.filter((candidate) => candidate.platform === platform);
    for (const channel of channels) chosen.set(channel.id, channel);
    if (channels.length === 0) {
      const detail = `there is no active channel on ${platform}`;
      errors.push({ pointer: `/platforms/${index}`, code: 'no_channel_on_platform', detail });
    }
  });
  return [...chosen.values()];
}

async function resolveMedia(
  ctx: Context,
  organizationId: string,
  mediaIds: string[] | undefined,
  errors: FieldError[],
): Promise<Media[] | undefined> {
  if (!mediaIds) return undefined;
  const known = new Map(
    (await findMedia(ctx.db, organizationId, mediaIds)).map((media) => [media.id, media]),
  );
  return mediaIds.flatMap((id, index) => {
    const media = known.get(id);
    if (media) return [media];
    const detail = `${id} is not a media file of this organization`;
    errors.push({ pointer: `/mediaIds/${index}`, code: 'unknown_media', detail });
    return [];
  });
}
