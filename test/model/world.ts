// The parameters of a run: how the platform behaves, how many faults may happen, and what is switched off.

/** The protections. `switches.ts` says what happens without each one, and where it is in the code. */
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

/** The assumptions, which the code cannot enforce: see docs/guarantees.md. */
export const assumptions = ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8'] as const;

export type Switch = (typeof protections)[number] | (typeof assumptions)[number];

export interface World {
  /**
   * `listed`: a published post shows in a list after a while. `unlisted`: a look-up is impossible. `keyed`: a post is written
   * under its key, and can be looked up at once. `resent`: as unlisted, but the author allows one resend.
   */
  platform: 'listed' | 'unlisted' | 'keyed' | 'resent';
  workers: number;
  people: readonly ('change' | 'edit' | 'repeat' | 'word' | 'disconnect')[];
  /** How often each fault may happen. Pauses of any length may happen at every step, and are not counted. */
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
  /** In ticks. The order of the real times is kept: 4 s < 10 s, and 4 s + 30 s + lag < 120 s. */
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
  // A post under its key can be looked up at once.
  if (world.platform === 'keyed') world.times.lag = 0;
  if (!on.A2) world.times.absence = world.times.window + world.times.call;
  return world;
}
