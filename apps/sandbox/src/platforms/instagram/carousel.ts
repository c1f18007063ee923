import type { BoundedMap } from '../../world/bounded-map.ts';
import type { Answer, Call } from '../platform.ts';
import { statusOf, type Container, type Processing } from './container.ts';
import { fitsCaption, refused, type Content } from './content.ts';
import type { GraphParameters } from './parameters.ts';
import * as refuse from './refusals.ts';

const smallest = 2;
const largest = 10;

/**
 * Makes a carousel of items that are FINISHED. Whether an item may be used in a second carousel is not documented. Here it
 * may not, the worse case: a client that lost the answer to this call has to make new items.
 */
export function readCarousel(
  containers: BoundedMap<string, Container>,
  processing: Processing,
  parameters: GraphParameters,
  { account, now }: Pick<Call, 'account' | 'now'>,
): (Content & { items: Container[] }) | { refusal: Answer } {
  const caption = parameters['caption'] ?? '';
  if (!fitsCaption(caption)) return refused(refuse.captionTooLong());
  if (parameters['alt_text'] !== undefined) {
    return refused(refuse.invalidParameter('alt_text: stands at the items of a carousel'));
  }
  const ids = (parameters['children'] ?? '').split(',').filter((id) => id !== '');
  if (ids.length < smallest || ids.length > largest) return refused(refuse.carouselSizeUnsupported());

  const items: Container[] = [];
  for (const id of ids) {
    const item = containers.get(id.trim());
    if (item?.account !== account.handle || item.inCarousel || items.includes(item)) {
      return refused(refuse.mediaNotFound());
    }
    if (item.kind !== 'carousel-item') {
      return refused(refuse.invalidParameter('children: not every one is an item of a carousel'));
    }
    const status = statusOf(item, now, processing);
    if (status === 'IN_PROGRESS') return refused(refuse.mediaNotReady());
    if (status === 'EXPIRED') return refused(refuse.containerExpired());
    if (status !== 'FINISHED') return refused(refuse.containerFailed());
    items.push(item);
  }
  return {
    kind: 'carousel',
    caption,
    media: items.flatMap(({ media }) => media),
    isVideo: false,
    settings: { media_type: 'CAROUSEL' },
    items,
  };
}
