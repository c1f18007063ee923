import type { PostMedia } from '../../world/posts.ts';
import type { Answer } from '../platform.ts';
import type { GraphParameters } from './parameters.ts';
import * as refuse from './refusals.ts';

/** A container by itself, an item of a carousel, or the carousel. */
export type ContainerKind = 'image' | 'reel' | 'story' | 'carousel-item' | 'carousel';

/** The content of a container. The media are in the order in which they are shown. */
export interface Content {
  kind: ContainerKind;
  caption: string;
  media: PostMedia[];
  /** True for one video: its processing may take longer than that of images. */
  isVideo: boolean;
  settings: Record<string, unknown>;
}

export const refused = (refusal: Answer) => ({ refusal });

/** 2,200 characters, 30 hashtags, 20 mentions. UTF-16 units are the strictest way to count a character. */
export function fitsCaption(caption: string): boolean {
  const count = (pattern: RegExp) => caption.match(pattern)?.length ?? 0;
  return caption.length <= 2200 && count(/#[\p{L}\p{N}_]/gu) <= 30 && count(/@[\p{L}\p{N}_.]/gu) <= 20;
}

/** The caption of a post; an item of a carousel has none. */
export function readCaption(parameters: GraphParameters): string | { refusal: Answer } {
  const caption = parameters['caption'] ?? '';
  if (!fitsCaption(caption)) return refused(refuse.captionTooLong());
  if (isItem(parameters) && caption !== '') {
    return refused(refuse.invalidParameter('caption: stands at the carousel, not at its items'));
  }
  return caption;
}

export const isItem = (parameters: GraphParameters) => parameters['is_carousel_item'] === 'true';
