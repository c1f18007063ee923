import type { World } from '../../world/world.ts';

/** Counts events within the last `periodMs`: a rolling window, not a daily reset. */
export interface RollingCount {
  used(key: string, now: number): number;
  add(key: string, now: number): void;
}

export function createRollingCount(world: World, periodMs: number): RollingCount {
  const instants = world.createTable<number[]>(200_000);
  return {
    used(key, now) {
      const list = instants.get(key) ?? [];
      const young = list.findIndex((instant) => instant > now - periodMs);
      list.splice(0, young === -1 ? list.length : young);
      return list.length;
    },
    add(key, now) {
      const list = instants.get(key);
      if (list) list.push(now);
      else instants.set(key, [now]);
    },
  };
}
