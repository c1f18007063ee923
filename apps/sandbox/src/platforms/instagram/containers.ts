import type { BoundedMap } from '../../world/bounded-map.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { readCarousel } from './carousel.ts';
import type { Container, Processing } from './container.ts';
import type { Content } from './content.ts';
import { readImage } from './image.ts';
import { parametersOf } from './parameters.ts';
import * as refuse from './refusals.ts';
import type { RollingCount } from './rolling-count.ts';
import { readStory } from './story.ts';
import { readReel, readVideoItem } from './video.ts';

/** The kinds of containers that have a file of their own. */
const readers = { IMAGE: readImage, REELS: readReel, STORIES: readStory, VIDEO: readVideoItem };
const isOfFile = (mediaType: string): mediaType is keyof typeof readers => Object.hasOwn(readers, mediaType);

export function containerEndpoint(
  world: World,
  rules: Processing & { containersPerDay: number },
  containers: BoundedMap<string, Container>,
  made: RollingCount,
  nextId: () => string,
): Endpoint {
  async function create(call: Call): Promise<Answer> {
    const { request, account, now } = call;
    const parameters = parametersOf(request);
    const { userId } = request.params as { userId: string };
    if (userId !== account.id && userId !== 'me') return refuse.noSuchObject(userId);
    const mediaType = parameters['media_type'] ?? 'IMAGE';
    if (mediaType !== 'CAROUSEL' && !isOfFile(mediaType)) {
      return refuse.invalidParameter('media_type must be one of IMAGE, REELS, STORIES, VIDEO, CAROUSEL');
    }
    if (made.used(account.handle, now) >= rules.containersPerDay) return refuse.quotaReached();

    if (mediaType !== 'CAROUSEL') {
      const content = await readers[mediaType](world.images, parameters);
      return 'refusal' in content ? content.refusal : add(call, content);
    }
    const content = readCarousel(containers, rules, parameters, call);
    if ('refusal' in content) return content.refusal;
    for (const item of content.items) item.inCarousel = true;
    return add(call, content);
  }

  function add(
    { account, now, alteration }: Call,
    { kind, caption, media, isVideo, settings }: Content,
  ): Answer {
    const id = nextId();
    containers.set(id, {
      id,
      account: account.handle,
      kind,
      caption,
      media,
      isVideo,
      settings,
      createdAt: now,
      polls: 0,
      willFail: alteration('processing-failed') !== undefined,
      published: false,
      inCarousel: false,
    });
    made.add(account.handle, now);
    return { status: 200, body: { id } };
  }

  return { method: 'POST', url: '/:userId/media', step: 'container', answer: create };
}
