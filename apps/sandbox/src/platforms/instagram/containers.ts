import type { BoundedMap } from '../../world/bounded-map.ts';
import { imageTypeOf } from '../../world/images.ts';
import type { World } from '../../world/world.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { fetchImage } from './fetch-image.ts';
import { parametersOf } from './parameters.ts';
import * as refuse from './refusals.ts';
import type { RollingCount } from './rolling-count.ts';

/** A post in the making: Instagram's idempotency, since publishing is a second call on an object we already hold. */
export interface Container {
  id: string;
  account: string;
  caption: string;
  altText?: string;
  imageId: string;
  createdAt: number;
  /** How often its status was asked. */
  polls: number;
  willFail: boolean;
  published: boolean;
}

export type ContainerStatus = 'IN_PROGRESS' | 'FINISHED' | 'ERROR' | 'EXPIRED' | 'PUBLISHED';

const lifetimeMs = 24 * 3_600_000;
const maxImageBytes = 8 * 1024 * 1024;

export function statusOf(container: Container, now: number, pollsUntilReady: number): ContainerStatus {
  if (container.published) return 'PUBLISHED';
  if (now - container.createdAt >= lifetimeMs) return 'EXPIRED';
  if (container.polls < pollsUntilReady) return 'IN_PROGRESS';
  return container.willFail ? 'ERROR' : 'FINISHED';
}

export function containerEndpoint(
  world: World,
  rules: { containersPerDay: number },
  containers: BoundedMap<string, Container>,
  made: RollingCount,
  nextId: () => string,
): Endpoint {
  async function create({ request, account, now, alteration }: Call): Promise<Answer> {
    const parameters = parametersOf(request);
    const { userId } = request.params as { userId: string };
    if (userId !== account.id && userId !== 'me') return refuse.noSuchObject(userId);
    if (parameters['media_type'] !== undefined && parameters['media_type'] !== 'IMAGE') {
      return refuse.invalidParameter('media_type: this sandbox plays images only');
    }
    const imageUrl = parameters['image_url'] ?? '';
    if (imageUrl === '') return refuse.invalidParameter('The parameter image_url is required');
    const caption = parameters['caption'] ?? '';
    if (!fitsCaption(caption)) return refuse.captionTooLong();
    const altText = parameters['alt_text'];
    if (altText !== undefined && altText.length > 1000) {
      return refuse.invalidParameter('alt_text must not exceed 1000 characters');
    }
    if (made.used(account.handle, now) >= rules.containersPerDay) return refuse.quotaReached();

    const bytes = await fetchImage(imageUrl, maxImageBytes);
    if (bytes === 'unreachable') return refuse.mediaNotFetched();
    if (bytes === 'too-large') return refuse.imageTooLarge();
    if (imageTypeOf(bytes) !== 'image/jpeg') return refuse.imageFormatUnsupported();

    const id = nextId();
    containers.set(id, {
      id,
      account: account.handle,
      caption,
      ...(altText !== undefined && { altText }),
      imageId: world.images.keep(bytes),
      createdAt: now,
      polls: 0,
      willFail: alteration('processing-failed') !== undefined,
      published: false,
    });
    made.add(account.handle, now);
    return { status: 200, body: { id } };
  }

  return { method: 'POST', url: '/:userId/media', step: 'container', answer: create };
}

/** 2,200 characters, 30 hashtags, 20 mentions. UTF-16 units are the strictest way to count a character. */
function fitsCaption(caption: string): boolean {
  const count = (pattern: RegExp) => caption.match(pattern)?.length ?? 0;
  return caption.length <= 2200 && count(/#[\p{L}\p{N}_]/gu) <= 30 && count(/@[\p{L}\p{N}_.]/gu) <= 20;
}
