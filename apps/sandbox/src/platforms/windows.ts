import type { BoundedMap } from '../world/bounded-map.ts';

export interface WindowCount {
  used: number;
  /** Epoch milliseconds at which the count restarts. */
  endsAt: number;
}

/** Counts a call in the current window, or opens a new window that ends at `nextEnd`. */
export function countInWindow(
  windows: BoundedMap<string, WindowCount>,
  key: string,
  now: number,
  nextEnd: number,
): WindowCount {
  const running = windows.get(key);
  const window = running && now < running.endsAt ? running : { used: 0, endsAt: nextEnd };
  if (window !== running) windows.set(key, window);
  window.used += 1;
  return window;
}
