import type { FieldError } from '@solospark/foundation';
import { setImmediate } from 'node:timers/promises';
import { checkSettings } from '@solospark/publishers';
import { limitsOf } from '../channel/limits.ts';
import type { Context } from '../context.ts';
import { fileFor } from '../media/media.ts';
import { invalidPost, isEditable, textOf, type Post } from './post.ts';
import type { PostContent } from './post.repository.ts';

/**
 * Asks every platform that the post goes to which of its rules the post breaks, and whether its account is connected.
 * A draft may break them; what is scheduled or published may not, so that the author hears of it now and not at nine
 * o'clock.
 *
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
    // A check takes up to some ten milliseconds, and a post may go to a hundred channels: others have their turn between.
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
    // A newer version may take less than the one that stored them.
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
 * What a platform may refuse of the post's files, and nobody can tell beforehand: nothing that keeps it from being scheduled.
 * None for one that is out, or on its way.
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
