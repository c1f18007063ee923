import type { Clock } from '@solospark/foundation';
import { createBoundedMap, type BoundedMap } from './bounded-map.ts';
import { createConsents, type Consents } from './consents.ts';
import { createFaultBook, type FaultBook } from './faults.ts';
import { createImages, type Images } from './images.ts';
import { createPosts, type Posts } from './posts.ts';
import { createSettings, type Settings } from './settings.ts';
import { createTraffic, type Traffic } from './traffic.ts';

const keptPosts = 200_000;
const keptImageBytes = 50 * 1024 * 1024;

/**
 * The whole state of one sandbox, in memory and bounded. The platforms read and write it; the control API reads it and changes
 * its clock, faults, latency and settings.
 */
export interface World {
  /** Epoch milliseconds of the sandbox's own clock, which a test may move. */
  now: () => number;
  clockOffsetMs(): number;
  setClockOffsetMs(offsetMs: number): void;
  posts: Posts;
  images: Images;
  faults: FaultBook;
  traffic: Traffic;
  settings: Settings;
  consents: Consents;
  /** The handle of every account that has called, by `<platform> <account id>`. */
  handles: BoundedMap<string, string>;
  /** Creates a table for a platform's state, such as containers. `reset` empties it. */
  createTable<V>(capacity: number): BoundedMap<string, V>;
  /** Ends every delay when the sandbox closes, so that a hanging call cannot keep it open. */
  closing: AbortSignal;
  /** Clears all state, like a restart. */
  reset(): void;
}

export function createWorld(options: { clock: Clock; closing: AbortSignal }): World {
  let offsetMs = 0;
  const now = () => options.clock.now().getTime() + offsetMs;
  const tables: { clear(): void }[] = [];
  const parts = {
    posts: createPosts(keptPosts),
    images: createImages(keptImageBytes),
    faults: createFaultBook(),
    traffic: createTraffic(),
    settings: createSettings(),
    consents: createConsents(now),
    handles: createBoundedMap<string, string>(keptPosts),
  };
  return {
    ...parts,
    closing: options.closing,
    now,
    clockOffsetMs: () => offsetMs,
    setClockOffsetMs(ms) {
      offsetMs = ms;
    },
    createTable<V>(capacity: number) {
      const table = createBoundedMap<string, V>(capacity);
      tables.push(table);
      return table;
    },
    reset() {
      offsetMs = 0;
      for (const part of [...Object.values(parts), ...tables]) part.clear();
    },
  };
}
