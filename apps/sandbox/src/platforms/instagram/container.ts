import type { Content } from './content.ts';

/** A post in the making: Instagram's idempotency, since publishing is a second call on an object we already hold. */
export interface Container extends Content {
  id: string;
  account: string;
  createdAt: number;
  /** How often its status was asked. */
  polls: number;
  willFail: boolean;
  published: boolean;
  /** A carousel has been made of it. */
  inCarousel: boolean;
}

export type ContainerStatus = 'IN_PROGRESS' | 'FINISHED' | 'ERROR' | 'EXPIRED' | 'PUBLISHED';

/** How long containers are worked on. */
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
