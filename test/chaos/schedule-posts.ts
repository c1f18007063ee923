import type { Mix } from './mixes.ts';
import type { Random } from './random.ts';

// The plan of posts: what the author does with each one, and when. Drawn from the seed before anything starts.

export type Action = 'create' | 'schedule' | 'edit' | 'cancel' | 'delete' | 'publish' | 'retry' | 'read';

/** How the request travels: `cut` loses the answer after `cutMs` and repeats it; `twice` sends it twice at once. */
export type Manner = { kind: 'plain' } | { kind: 'cut'; cutMs: number } | { kind: 'twice' };

export interface Step {
  action: Exclude<Action, 'create'>;
  /** Milliseconds since the post was created. */
  atMs: number;
  /** For `schedule`: the wanted time, since the post was created. */
  dueMs: number;
  /** For `edit`: its number; the text carries it. */
  edit: number;
  manner: Manner;
  /** Only if the post still has the revision that was last seen. */
  ifMatch: boolean;
}

export interface Life {
  number: number;
  /** Milliseconds since the start of the load. */
  atMs: number;
  /** Channels, by index. */
  channels: number[];
  withImage: boolean;
  createManner: Manner;
  steps: Step[];
}

export interface ChannelKind {
  platform: string;
}

type Draw = (action: Step['action'], atMs: number, dueMs?: number) => Step;

export function schedulePosts(
  random: Random,
  mix: Mix,
  size: { untilMs: number; rate: number; channels: ChannelKind[] },
): Life[] {
  const lives: Life[] = [];
  for (let atMs = 0, number = 1; atMs < size.untilMs; number += 1) {
    atMs += Math.round((-Math.log(1 - random.next()) * 1_000) / size.rate);
    lives.push(drawLife(random.fork(`post ${number}`), mix, number, atMs, size.channels));
  }
  return lives;
}

function drawLife(random: Random, mix: Mix, number: number, atMs: number, channels: ChannelKind[]): Life {
  const indexes = channels.flatMap(({ platform }, index) =>
    mix.platforms && !mix.platforms.includes(platform) ? [] : [index],
  );
  const chosen = new Set([random.pick(indexes)]);
  while (random.chance(0.35) && chosen.size < 4) chosen.add(random.pick(indexes));
  const needsImage = [...chosen].some((index) => channels[index]?.platform === 'instagram');
  const drawManner = (): Manner => {
    if (!mix.brokenRequests || random.chance(0.9)) return { kind: 'plain' };
    return random.chance(0.6) ? { kind: 'cut', cutMs: random.int(0, 40) } : { kind: 'twice' };
  };
  let edits = 0;
  const draw: Draw = (action, at, dueMs = 0) => ({
    action,
    atMs: Math.max(0, Math.round(at)),
    dueMs: Math.round(dueMs),
    edit: action === 'edit' ? (edits += 1) : 0,
    manner: drawManner(),
    ifMatch: random.chance(0.2),
  });
  return {
    number,
    atMs,
    channels: [...chosen],
    withImage: needsImage || random.chance(0.2),
    createManner: drawManner(),
    steps: drawSteps(random, mix, draw),
  };
}

function drawSteps(random: Random, mix: Mix, draw: Draw): Step[] {
  if (mix.lives === 'plain') return [draw('schedule', 0, random.int(500, 8_000))];
  if (mix.lives === 'races') return drawRaces(random, draw);

  const dueMs = random.chance(0.7) ? random.int(500, 8_000) : random.int(8_000, 20_000);
  const before = () => random.int(50, dueMs);
  /** A time around the instant at which the post fires. */
  const atFiring = () => dueMs + random.int(-120, 60);
  const steps = [draw('schedule', 0, dueMs)];
  const kind = random.pickWeighted({
    scheduled: 30,
    edited: 20,
    rescheduled: 15,
    canceled: 10,
    deleted: 6,
    now: 10,
    turmoil: 9,
  });
  switch (kind) {
    case 'scheduled':
      break;
    case 'edited':
      for (let n = random.int(1, 3); n > 0; n -= 1) steps.push(draw('edit', before()));
      if (random.chance(0.5)) steps.push(draw('edit', atFiring()));
      break;
    case 'rescheduled':
      for (let n = random.int(1, 3); n > 0; n -= 1) {
        const at = before();
        steps.push(draw('schedule', at, at + random.int(400, 8_000)));
      }
      if (random.chance(0.5)) steps.push(draw('schedule', atFiring(), dueMs + random.int(1_000, 5_000)));
      break;
    case 'canceled': {
      const at = random.chance(0.5) ? before() : atFiring();
      steps.push(draw('cancel', at));
      if (random.chance(0.4)) steps.push(draw('schedule', at + 300, at + random.int(800, 6_000)));
      break;
    }
    case 'deleted':
      steps.push(draw('delete', random.chance(0.5) ? before() : atFiring()));
      break;
    case 'now':
      if (random.chance(0.4)) steps.shift();
      steps.push(draw('publish', random.chance(0.5) ? before() : atFiring()));
      break;
    case 'turmoil':
      for (let n = random.int(4, 9); n > 0; n -= 1) {
        const at = random.chance(0.5) ? before() : atFiring();
        const action = random.pickWeighted({ edit: 4, schedule: 3, cancel: 2, publish: 1, delete: 0.5 });
        steps.push(draw(action, at, at + random.int(300, 5_000)));
      }
      break;
  }
  if (random.chance(0.3)) steps.push(draw('read', before()));
  // A retry usually finds nothing to try again.
  if (random.chance(0.4)) steps.push(draw('retry', dueMs + random.int(1_000, 12_000)));
  return steps;
}

/** Two or three requests at one instant, far from the firing. Each one that is granted must have its effect. */
function drawRaces(random: Random, draw: Draw): Step[] {
  const steps = [draw('schedule', 0, 4_000)];
  for (let n = 1; n <= 3; n += 1) {
    const at = 600 * n;
    steps.push(draw('edit', at), draw('schedule', at, 4_000 + random.int(-1_000, 4_000)));
    if (random.chance(0.3)) steps.push(draw('edit', at));
    if (random.chance(0.15)) steps.push(draw('cancel', at + 1));
  }
  return steps;
}
