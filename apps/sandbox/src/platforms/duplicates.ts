import { createHash } from 'node:crypto';
import type { World } from '../world/world.ts';

/** Remembers recent posts by a hash of their content, so that a look-up is fast for long texts and for many posts. */
export interface Duplicates {
  /** The id of the earlier post with the same content, when it is younger than `windowMs`. */
  findEarlier(account: string, content: string, now: number, windowMs: number): string | undefined;
  remember(account: string, content: string, now: number, id: string): void;
}

export function createDuplicates(world: World): Duplicates {
  const recent = world.createTable<{ id: string; at: number }>(200_000);
  const keyOf = (account: string, content: string) =>
    createHash('sha1').update(`${account}\n${content}`).digest('base64');
  return {
    findEarlier(account, content, now, windowMs) {
      const earlier = recent.get(keyOf(account, content));
      return earlier && now - earlier.at < windowMs ? earlier.id : undefined;
    },
    remember: (account, content, now, id) => recent.set(keyOf(account, content), { id, at: now }),
  };
}
