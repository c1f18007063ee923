import type { Mix } from './mixes.ts';
import type { Outage } from './platform-servers.ts';
import type { Random } from './random.ts';

// The plan of faults: what goes wrong, and when. Drawn from the seed before anything starts.

export type FaultKind =
  | 'kill-worker'
  | 'pause-worker'
  | 'restart-worker'
  | 'skew-worker'
  | 'kill-api'
  | 'pause-api'
  | 'restart-api'
  | 'flush-redis'
  | 'stop-redis'
  | 'empty-redis'
  | 'restart-postgres'
  | 'crash-postgres'
  | 'slow-platform'
  | 'server-down'
  | 'store-hangs'
  | 'platform';

export interface FaultEvent {
  atMs: number;
  kind: FaultKind;
  /** What the fault hits: `worker 1`, `redis`, `x publish`. */
  target: string;
  index: number;
  /** How long it lasts. */
  forMs: number;
  /** For `platform`: the body of the sandbox's `POST /_sandbox/faults`; for `slow-platform` the latency. */
  platform?: { platform: string; [field: string]: unknown };
  /** For `server-down`. */
  outage?: Outage;
  /** For `skew-worker`. */
  skewMs?: number;
}

const platforms = ['x', 'instagram', 'linkedin', 'bluesky'] as const;

const reads = [
  'drop-before-commit',
  '5xx-before-commit',
  'hang-before-commit',
  'rate-limited-bare',
  'truncated-body',
];
const commits = ['commit-then-drop', 'commit-then-5xx', 'commit-then-hang', 'truncated-body'];
/** The sandbox's faults, by platform and step. Those that end a delivery (`rejected`, `expired-token`) are rare. */
const playable: Record<(typeof platforms)[number], Record<string, string[]>> = {
  x: {
    upload: [...reads, 'commit-then-drop', 'commit-then-5xx'],
    publish: [
      ...commits,
      ...commits,
      ...reads,
      'delayed-visibility',
      'rate-limited',
      'rejected',
      'expired-token',
    ],
    lookup: [...reads, 'rate-limited'],
  },
  instagram: {
    container: [...commits, ...reads, 'processing-failed', 'rate-limited'],
    status: [...reads, 'rejected'],
    publish: [...commits, ...commits, ...reads, 'commit-then-refused', 'delayed-visibility', 'rejected'],
    lookup: reads,
  },
  linkedin: {
    upload: [...reads, 'commit-then-drop', 'commit-then-5xx'],
    publish: [
      ...[
        'drop-before-commit',
        '5xx-before-commit',
        'hang-before-commit',
        'rate-limited-bare',
        'rate-limited',
      ],
      ...['commit-then-drop', 'commit-then-5xx', 'commit-then-hang', 'rejected', 'expired-token'],
    ],
  },
  bluesky: {
    upload: [...reads, 'commit-then-drop', 'commit-then-5xx'],
    publish: [...commits, ...commits, ...reads, 'delayed-visibility', 'rate-limited', 'rejected'],
    lookup: reads,
  },
};

export function scheduleFaults(
  random: Random,
  mix: Mix,
  size: { fromMs: number; untilMs: number; workers: number; apis: number; servers: number; redis: boolean },
): FaultEvent[] {
  const { everyMs } = mix;
  if (everyMs === null) return [];
  const weights = { ...mix.faults };
  if (!size.redis)
    for (const kind of ['flush-redis', 'stop-redis', 'empty-redis'] as const) delete weights[kind];
  const events: FaultEvent[] = [];
  /** No target gets a second fault before it has recovered from the first. */
  const busyUntil = new Map<string, number>();
  for (let atMs = size.fromMs; ;) {
    atMs += Math.round(everyMs * (0.3 + 1.4 * random.next()));
    if (atMs >= size.untilMs) return events;
    const event = drawFault(random, random.pickWeighted<FaultKind>(weights), atMs, size);
    if ((busyUntil.get(event.target) ?? 0) > atMs) continue;
    if (event.kind !== 'platform') busyUntil.set(event.target, atMs + event.forMs + 4_000);
    events.push(event);
  }
}

function drawFault(
  random: Random,
  kind: FaultKind,
  atMs: number,
  size: { workers: number; apis: number; servers: number },
): FaultEvent {
  const worker = random.int(0, size.workers - 1);
  const api = random.int(0, size.apis - 1);
  const onWorker = { atMs, kind, target: `worker ${worker}`, index: worker };
  const onApi = { atMs, kind, target: `api ${api}`, index: api };
  switch (kind) {
    case 'kill-worker':
      return { ...onWorker, forMs: random.int(200, 3_000) };
    case 'pause-worker':
      // Usually longer than the lease of ten seconds.
      return { ...onWorker, forMs: random.int(6_000, 16_000) };
    case 'restart-worker':
      return { ...onWorker, forMs: 0 };
    case 'skew-worker':
      return { ...onWorker, forMs: random.int(8_000, 25_000), skewMs: random.chance(0.5) ? 90_000 : -90_000 };
    case 'kill-api':
      return { ...onApi, forMs: random.int(200, 3_000) };
    case 'pause-api':
      return { ...onApi, forMs: random.int(1_000, 8_000) };
    case 'restart-api':
      return { ...onApi, forMs: 0 };
    case 'flush-redis':
      return { atMs, kind, target: 'redis', index: 0, forMs: 0 };
    case 'stop-redis':
    case 'empty-redis':
      return { atMs, kind, target: 'redis', index: 0, forMs: random.int(2_000, 12_000) };
    case 'restart-postgres':
    case 'crash-postgres':
      return { atMs, kind, target: 'postgres', index: 0, forMs: random.int(0, 2_500) };
    case 'slow-platform': {
      const platform = { platform: random.pick(platforms), ms: random.int(500, 4_000) };
      return { atMs, kind, target: platform.platform, index: 0, forMs: random.int(3_000, 10_000), platform };
    }
    case 'server-down': {
      const index = random.int(0, size.servers - 1);
      const outage = random.pick(['refuse', 'hang'] as const);
      // Sometimes longer than a call may take.
      const forMs = random.int(3_000, random.chance(0.3) ? 40_000 : 12_000);
      return { atMs, kind, target: `server ${index}`, index, forMs, outage };
    }
    case 'store-hangs':
      return { atMs, kind, target: 'store', index: 0, forMs: random.int(2_000, 14_000) };
    case 'platform':
      return drawPlatformFault(random, atMs);
  }
}

function drawPlatformFault(random: Random, atMs: number): FaultEvent {
  const platform = random.pick(platforms);
  // Half of them at the public call, where they matter most.
  const steps = Object.keys(playable[platform]);
  const step = random.chance(0.5) ? 'publish' : random.pick(steps);
  const fault = random.pick(playable[platform][step] ?? []);
  const hangMs = random.chance(0.15) ? 33_000 : random.int(500, 4_000);
  return {
    atMs,
    kind: 'platform',
    target: `${platform} ${step}: ${fault}`,
    index: 0,
    forMs: 0,
    platform: {
      platform,
      step,
      fault,
      times: fault === 'rejected' || fault === 'expired-token' ? 1 : random.int(1, 4),
      ms: fault === 'delayed-visibility' ? random.int(2_000, 20_000) : hangMs,
      status: random.pick([500, 502, 503, 504]),
      retryAfterSeconds: random.int(2, 8),
    },
  };
}
