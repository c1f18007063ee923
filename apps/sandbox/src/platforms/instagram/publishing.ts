import type { BoundedMap } from '../../world/bounded-map.ts';
import type { Shelf } from '../../world/posts.ts';
import { tokenFromName } from '../accounts.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { statusOf, type Container, type Processing } from './container.ts';
import type { ContainerKind } from './content.ts';
import type { InstagramPost } from './post.ts';
import { parametersOf } from './parameters.ts';
import * as refuse from './refusals.ts';
import type { RollingCount } from './rolling-count.ts';

export function publishingEndpoints(
  {
    rules,
    containers,
    posts,
    shortcodes,
  }: {
    rules: Processing & { quotaTotal: number };
    containers: BoundedMap<string, Container>;
    posts: Shelf<InstagramPost>;
    shortcodes: BoundedMap<string, string>;
  },
  published: RollingCount,
  nextId: () => string,
): Endpoint[] {
  function publish({ request, account, now, origin, alteration }: Call): Answer {
    const { userId } = request.params as { userId: string };
    if (userId !== account.id && userId !== 'me') return refuse.noSuchObject(userId);
    const creationId = parametersOf(request)['creation_id'];
    if (creationId === undefined) return refuse.invalidParameter('The parameter creation_id is required');
    const container = containers.get(creationId);
    if (!container) return refuse.creationIdGone();
    if (container.account !== account.handle) return refuse.mediaNotFound();
    if (container.kind === 'carousel-item') {
      return refuse.invalidParameter('creation_id: an item is published with its carousel');
    }
    const status = statusOf(container, now, rules);
    if (status === 'IN_PROGRESS') return refuse.mediaNotReady();
    if (status === 'EXPIRED') return refuse.containerExpired();
    if (status === 'ERROR') return refuse.containerFailed();
    if (published.used(account.handle, now) >= rules.quotaTotal) return refuse.quotaReached();

    // What a second publish of one container does is not documented. Here it makes a second post, the worst case.
    container.published = true;
    const id = nextId();
    const shortcode = tokenFromName(`shortcode ${id}`, 11);
    shortcodes.set(shortcode, id);
    posts.add({
      account: account.handle,
      id,
      shortcode,
      kind: container.kind,
      isVideo: container.isVideo,
      url: `${origin}/instagram/${pathOf(container.kind, { id, shortcode, handle: account.handle })}/`,
      text: container.caption,
      media: container.media,
      settings: container.settings,
      createdAt: now,
      visibleAt: now + (alteration('delayed-visibility')?.ms ?? 0),
    });
    published.add(account.handle, now);
    return { status: 200, body: { id } };
  }

  function limit({ request, account, now }: Call): Answer {
    const { userId } = request.params as { userId: string };
    if (userId !== account.id && userId !== 'me') return refuse.noSuchObject(userId);
    const usage = {
      quota_usage: published.used(account.handle, now),
      config: { quota_total: rules.quotaTotal, quota_duration: 86_400 },
    };
    const wanted = parametersOf(request)['fields']?.split(',') ?? ['quota_usage'];
    const shown = Object.entries(usage).filter(([field]) => wanted.includes(field));
    return { status: 200, body: { data: [Object.fromEntries(shown)] } };
  }

  return [
    { method: 'POST', url: '/:userId/media_publish', step: 'publish', answer: publish },
    { method: 'GET', url: '/:userId/content_publishing_limit', step: 'quota', answer: limit },
  ];
}

function pathOf(kind: ContainerKind, of: { id: string; shortcode: string; handle: string }): string {
  if (kind === 'story') return `stories/${of.handle}/${of.id}`;
  return `${kind === 'reel' ? 'reel' : 'p'}/${of.shortcode}`;
}
