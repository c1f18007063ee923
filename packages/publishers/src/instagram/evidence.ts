import { Type } from 'typebox';
import type { PublishCall } from '../publisher.ts';
import { uploadsUnder } from '../uploads.ts';

/** The containers of the files of a carousel. */
export const children = uploadsUnder(
  'children',
  Type.Object({ containerId: Type.String(), createdAt: Type.String() }),
);

/** The container to publish: that of the only file, or of the carousel. */
export function containerIdOf(call: PublishCall): string | null {
  const { containerId } = call.evidence;
  return typeof containerId === 'string' ? containerId : null;
}

export async function keepContainer(call: PublishCall, containerId: string): Promise<void> {
  await call.remember({ containerId, containerCreatedAt: call.now().toISOString() });
}

/** For a container that can never be published, so a new one cannot double the post. Its children are used up and go too. */
export async function forgetContainer(call: PublishCall): Promise<void> {
  await call.remember({ containerId: null, containerCreatedAt: null, children: {} });
}
