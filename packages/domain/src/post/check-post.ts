import type { FieldError } from '@solospark/foundation';
import { setImmediate } from 'node:timers/promises';
import { checkSettings } from '@solospark/publishers';
import { limitsOf } from '../channel/limits.ts';
import type { Context } from '../context.ts';
import { fileFor } from '../media/media.ts';
import { invalidPost, isEditable, textOf, type Post } from './post.ts';
import type { PostContent } from './post.repository.ts';

/**
 * Checks the post against the rules of every platform that it goes to, and that its accounts are connected. A draft may break
 * rules. A post that is scheduled or published may not, so that its author hears of it now and not when it is due.
 * @throws DomainError `invalid_post` naming every broken rule of every channel.
 */
export async function checkPost(ctx: Pick<Context, 'findPublisher'>, post: PostContent): Promise<void> {
  if (post.deliveries.length === 0) {
    throw invalidPost([
      { pointer: '/channelIds', code: 'no_channels', detail: 'the post has no channel to go to' },
    ]);
  }
  const errors: FieldError[] = [];
  for (const delivery of post.deliveries) {
    // A check may take some ten milliseconds, and a post may have a hundred channels: other requests run in between.
    await setImmediate();
    const publisher = ctx.findPublisher(delivery.platform);
    if (!publisher) {
      const detail = `${delivery.platform} is not a platform that this installation knows`;
      errors.push({ pointer: '/channelIds', code: 'unknown_platform', detail });
      continue;
    }
    if (delivery.channelStatus !== 'active') {
      const detail = `the account on ${publisher.name} is not connected: connect it again, or take it off the post`;
      errors.push({ pointer: '/channelIds', code: 'channel_not_connected', detail });
    }
    const limits = limitsOf(publisher, { limits: delivery.channelLimits });
    const media = post.media.map((each) => fileFor(each, limits.media));
    // Settings that an older version stored may not fit this one.
    const misfits = checkSettings(publisher, delivery.settings);
    const draft = { text: textOf(post, delivery), media, settings: delivery.settings };
    const broken = misfits.length > 0 ? misfits : publisher.check(draft, limits);
    for (const { field, code, detail, at } of broken) {
      const pointer = pointerTo(field, delivery);
      errors.push({ pointer, code, detail: `${publisher.name}: ${detail}`, ...(at && { at }) });
    }
  }
  if (errors.length > 0) throw invalidPost(errors);
}

/**
 * What a platform may refuse of the post's files, although no check can tell beforehand. Warnings do not keep a post from
 * being scheduled. Empty for a post that is out or on its way.
 */
export function warningsOf(ctx: Pick<Context, 'findPublisher'>, post: Post): FieldError[] {
  if (!isEditable(post) || post.media.length === 0) return [];
  return post.deliveries.flatMap((delivery) => {
    const publisher = ctx.findPublisher(delivery.platform);
    if (!publisher || checkSettings(publisher, delivery.settings).length > 0) return [];
    const limits = limitsOf(publisher, { limits: delivery.channelLimits });
    const media = post.media.map((each) => fileFor(each, limits.media));
    const draft = { text: textOf(post, delivery), media, settings: delivery.settings };
    return publisher
      .warn(draft, limits)
      .map(({ field, code, detail }) => ({ pointer: pointerTo(field, delivery), code, detail }));
  });
}

function pointerTo(field: string, { channelId, textOverride }: PostContent['deliveries'][number]): string {
  if (field === 'text' && textOverride !== null) return `/channelTexts/${channelId}`;
  const [, setting] = /^settings(\/.*|$)/.exec(field) ?? [];
  return setting === undefined ? `/${field}` : `/channelSettings/${channelId}${setting}`;
}
