import type { FaultKind } from './schedule-faults.ts';

/** Which faults happen, how often, and what the author does with each post. */
export interface Mix {
  name: string;
  /** The mean time between two scheduled faults; null for none. */
  everyMs: number | null;
  /** How likely each is, relative to the others. */
  faults: Partial<Record<FaultKind, number>>;
  /** `FAIL_POINTS` of the workers: see fail-points.mjs. */
  failPoints: string;
  /** The range of the platforms' latency; most answers lie in it. */
  latencyMs: [number, number];
  /** `mixed`: lives of every kind. `races`: several requests for one post at the same instant. `plain`: only scheduled. */
  lives: 'mixed' | 'races' | 'plain';
  /** Requests that are cut and repeated, or sent twice at once. */
  brokenRequests: boolean;
  /** Only these platforms; all of them when undefined. */
  platforms?: string[];
  /** Fail points only in the first worker, so that the others can take over. */
  failPointsInOneWorker?: true;
  /** When set, workers are not restarted after the load; the run waits this long for those that are paused. */
  lingerMs?: number;
  /** The clock of every worker is wrong by this much from the start. */
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

/** Except the first two, each mix is made to need one protection: see protections.ts. */
const mixes: Mix[] = [
  everything,
  nothing,
  {
    ...nothing,
    name: 'long-pauses',
    // Long enough that another holder is in the middle of its own call when the paused worker wakes up.
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
    // Absence on Instagram is proved after a minute; then another worker sends. The pause must not be much longer: after 72 s the
    // connections of the paused worker are closed, and that would hide the missing deadline.
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
