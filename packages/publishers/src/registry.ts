import { bluesky } from './bluesky/index.ts';
import { instagram } from './instagram/index.ts';
import { linkedin } from './linkedin/index.ts';
import { mastodon } from './mastodon/index.ts';
import type { Publisher } from './publisher.ts';
import { x } from './x/index.ts';

/** Every platform that SoloSpark publishes to. A new platform is a folder here and an entry in this list. */
export const publishers: readonly Publisher[] = [x, instagram, linkedin, bluesky, mastodon];

export function findPublisher(platform: string): Publisher | undefined {
  return publishers.find((publisher) => publisher.id === platform);
}
