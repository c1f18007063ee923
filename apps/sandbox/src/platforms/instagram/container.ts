import type { Content } from './content.ts';

/** An unpublished post. Containers make publishing safer to repeat: it is a second call for a known object. */
export interface Container extends Content {
  id: string;
  account: string;
  createdAt: number;
  /** How often its status was read. */
  polls: number;
  willFail: boolean;
  published: boolean;
  /** True: it is an item of a carousel. */
  inCarousel: boolean;
}

export type ContainerStatus = 'IN_PROGRESS' | 'FINISHED' | 'ERROR' | 'EXPIRED' | 'PUBLISHED';

/** How long containers are IN_PROGRESS. */
export interface Processing {
  pollsUntilReady: number;
  videoProcessingMs: number;
}

const lifetimeMs = 24 * 3_600_000;

export function statusOf(container: Container, now: number, processing: Processing): ContainerStatus {
  if (container.published) return 'PUBLISHED';
  const ageMs = now - container.createdAt;
  if (ageMs >= lifetimeMs) return 'EXPIRED';
  if (container.polls < processing.pollsUntilReady) return 'IN_PROGRESS';
  if (container.isVideo && ageMs < processing.videoProcessingMs) return 'IN_PROGRESS';
  return container.willFail ? 'ERROR' : 'FINISHED';
}
