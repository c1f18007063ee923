import type { FaultKind } from './schedule-faults.ts';

/** Which faults, how often, against which kind of life of a post. */
export interface Mix {
  name: string;
  /** The mean time between two faults from outside; null for none. */
  everyMs: number | null;
  /** How likely each is, relative to the others. */
  faults: Partial<Record<FaultKind, number>>;
  /** `FAIL_POINTS` of the workers: see fail-points.mjs. */
  failPoints: string;
  /** Most answers of the platforms take up to this long. */
  latencyMs: [number, number];
  /** `mixed`: lives of every kind. `races`: several requests at one post at the same instant. `plain`: scheduled, and no more. */
  lives: 'mixed' | 'races' | 'plain';
  /** Requests that are cut and repeated, or sent twice at once. */
  brokenRequests: boolean;
  /** Only these; all of them when undefined. */
  platforms?: string[];
  /** Fail points only in the first worker, so that the others are there to take over. */
  failPointsInOneWorker?: true;
  /** The workers stay as they are when the load has ended, and this long is waited for those that sleep. */
  lingerMs?: number;
  /** A clock that is wrong by so much in every worker from the start. */
  skewMs?: number;
  workers?: number;
  rate?: number;
}

const everything: Mix = {
  name: 'everything',
  everyMs: 1_000,
  faults: {
    'kill-worker': 4,
    'pause-worker': 3,
    'restart-worker': 2,
    'skew-worker': 2,
    'kill-api': 2,
    'pause-api': 1,
    'restart-api': 1,
    'flush-redis': 2,
    'stop-redis': 1,
    'empty-redis': 1,
    'restart-postgres': 1,
    'crash-postgres': 1,
    'slow-platform': 2,
    'server-down': 3,
    'store-hangs': 1.5,
    platform: 40,
  },
  failPoints: [
    ...['after-fire', 'after-claim', 'before-sending', 'after-sending', 'before-socket', 'after-answer'],
    ...['after-lookup', 'before-settle', 'after-settle'],
  ]
    .map((point) => `${point}=kill@0.0015`)
    .concat(
      ...['after-claim', 'before-sending', 'before-socket', 'before-settle'].map(
        (point) => `${point}=pause:12500@0.0008`,
      ),
    )
    .join(','),
  latencyMs: [5, 150],
  lives: 'mixed',
  brokenRequests: true,
};

const nothing: Mix = {
  name: 'nothing',
  everyMs: null,
  faults: {},
  failPoints: '',
  latencyMs: [5, 100],
  lives: 'mixed',
  brokenRequests: false,
};

/** Each of the others is made to need one protection: see protections.ts. */
const mixes: Mix[] = [
  everything,
  nothing,
  {
    ...nothing,
    name: 'long-pauses',
    // Long enough for another holder to be in the middle of its own call when the paused one wakes up.
    failPoints: 'before-sending=pause:12500@0.3',
    failPointsInOneWorker: true,
    latencyMs: [3_000, 3_500],
    lives: 'plain',
    rate: 4,
    lingerMs: 5_000,
  },
  {
    ...nothing,
    name: 'pause-before-socket',
    // Instagram is believed to be without a post after a minute: then another worker sends. Much longer must it not be:
    // the connections of the sleeping one are closed after 72 seconds, and that would cover for the deadline.
    failPoints: 'before-socket=pause:67000@1',
    failPointsInOneWorker: true,
    lives: 'plain',
    platforms: ['instagram'],
    rate: 3,
    lingerMs: 72_000,
  },
  { ...nothing, name: 'races', lives: 'races', rate: 8 },
  {
    ...nothing,
    name: 'kill-after-answer',
    failPoints: 'after-answer=kill@0.15,after-sending=kill@0.05',
    lives: 'plain',
    platforms: ['linkedin', 'instagram'],
    rate: 4,
  },
  {
    ...nothing,
    name: 'flushes',
    everyMs: 2_500,
    faults: { 'flush-redis': 1, 'kill-worker': 1 },
    lives: 'plain',
  },
  { ...nothing, name: 'slow', latencyMs: [1_200, 1_500], lives: 'plain', rate: 4 },
  {
    ...nothing,
    name: 'hanging-store',
    everyMs: 4_000,
    faults: { 'store-hangs': 1 },
    lives: 'plain',
    platforms: ['x', 'instagram'],
    rate: 4,
  },
  { ...nothing, name: 'wrong-clocks', skewMs: 90_000, lives: 'plain' },
];

export function findMix(name: string): Mix {
  const mix = mixes.find((each) => each.name === name);
  if (!mix)
    throw new Error(`there is no mix "${name}"; there are ${mixes.map((each) => each.name).join(', ')}`);
  return mix;
}
