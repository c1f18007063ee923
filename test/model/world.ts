// What a run of the model is told: how the platform behaves, how much may go wrong, and what is switched off.

/** What keeps deliveries single and true. `switches.ts` says what each of them is, and where it stands in the code. */
export const protections = [
  ...[
    'fence',
    'lease',
    'deadline',
    'windowFirst',
    'revision',
    'databaseClock',
    'evidence',
    'absenceWait',
    'senderGone',
  ],
  ...['secondLook', 'postVersion', 'resolutionGuard', 'disconnectionGuard'],
  ...[
    'touchesPost',
    'knowsOwnChange',
    'timeOfLook',
    'keepsSending',
    'noEarlyNotSent',
    'checkAtTheWire',
    'readsBuffer',
  ],
  ...['claimToken', 'waitFromCallEnd', 'notesOvertaken'],
] as const;

/** What the code cannot see to: docs/guarantees.md says what each of them is. */
export const assumptions = ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8'] as const;

export type Switch = (typeof protections)[number] | (typeof assumptions)[number];

export interface World {
  /**
   * `listed`: what was sent shows in a list, after a while. `unlisted`: nobody can look it up. `keyed`: it is written under
   * one key, and can be looked up at once. `resent`: as unlisted, and the author lets it be sent once more.
   */
  platform: 'listed' | 'unlisted' | 'keyed' | 'resent';
  workers: number;
  people: readonly ('change' | 'edit' | 'repeat' | 'word' | 'disconnect')[];
  /** How often each may happen. Pauses of any length may happen to anybody at every step, and are not counted. */
  faults: {
    kills: number;
    lostAnswers: number;
    lateStatements: number;
    decisions: number;
    failovers: number;
    jumps: number;
  };
  /** Every worker takes its next step before the clock moves on, and every answer arrives. */
  prompt: boolean;
  /** In ticks: the order of the real ones is kept, 4 s < 10 s, and 4 s + 30 s + lag < 120 s. */
  times: { window: number; lease: number; call: number; lag: number; absence: number };
  tries: number;
  on: Record<Switch, boolean>;
}

const noFaults = { kills: 0, lostAnswers: 0, lateStatements: 0, decisions: 0, failovers: 0, jumps: 0 };

export type Scenario = Partial<Omit<World, 'faults' | 'on' | 'times'>> & {
  faults?: Partial<World['faults']>;
  times?: Partial<World['times']>;
  off?: readonly Switch[];
};

export function worldOf({ faults, times, off = [], ...rest }: Scenario): World {
  const names: readonly Switch[] = [...protections, ...assumptions];
  const on = Object.fromEntries(names.map((name) => [name, !off.includes(name)])) as World['on'];
  const world: World = {
    platform: 'listed',
    workers: 2,
    people: [],
    prompt: false,
    tries: 2,
    ...rest,
    faults: { ...noFaults, ...faults },
    times: { window: 1, lease: 2, call: 1, lag: 1, absence: 4, ...times },
    on,
  };
  if (on.A7) world.faults.jumps = 0;
  // Written at once where it can be looked up by its key.
  if (world.platform === 'keyed') world.times.lag = 0;
  if (!on.A2) world.times.absence = world.times.window + world.times.call;
  return world;
}
