import type { World } from './world.ts';

// What the model knows: one post with one delivery, the workers, what lies at the platform, and which faults are left.
// Words instead of numbers where it can be, so that a state reads like a row.

/** It is always now: a tick of the clock moves every other time one further into the past. 0 stands for "no time". */
export const NOW = 40;

export type Outcome =
  | 'none'
  | 'published'
  | 'retry'
  | 'refused'
  | 'absent'
  | 'resend'
  | 'ask again'
  | 'handed back'
  | 'uncertain';

export interface Worker {
  /** The step of packages/domain/src/delivery that it stands before. */
  at:
    | 'idle'
    | 'claimed'
    | 'prepared'
    | 'marking'
    | 'marked'
    | 'connecting'
    | 'calling'
    | 'asking'
    | 'asked'
    | 'settling'
    | 'proving';
  /** Whether the row still carries its claim. `undone`: a fail-over took the claim back. */
  holds: 'yes' | 'no' | 'undone';
  /** `claim.sendingAt` was set: it asks, and never sends. */
  mayBeOut: boolean;
  /** `claim.senderGoneInMs` was 0. */
  senderGone: boolean;
  disconnected: boolean;
  text: number;
  /** When its window opened, by its own clocks; `connecting`: when it passed the check. */
  openedAt: number;
  /** What it asks about is its own call, which ended at `since`. */
  ownCall: boolean;
  /** It has made a public call under this claim. */
  sent: boolean;
  /** From when it counts the wait before absence is believed. */
  since: number;
  lookedAt: number;
  sawIt: boolean;
  call: number;
  outcome: Outcome;
  /** The post's status in the snapshot of its statement. */
  snapshot: State['post'];
}

/** A public call, as the platform has it. `answered`: the answer lies in the worker's socket. */
export interface Call {
  state: 'none' | 'under way' | 'carried out' | 'answered' | 'over';
  until: number;
}

export interface State {
  post: 'draft' | 'scheduled' | 'publishing' | 'published' | 'failed';
  scheduledAt: number;
  text: number;
  /** What the last granted change said, whatever the row says. */
  wantedAt: number;
  cancelGranted: boolean;

  delivery: 'pending' | 'publishing' | 'published' | 'failed' | 'uncertain';
  nextAttemptAt: number;
  leaseUntil: number;
  sendingAt: number;
  sendingDeadline: number;
  /** When that call ended without an answer, as its sender saw it. */
  callEndedAt: number;
  triesUsed: number;
  /** A sending whose absence nobody proved may be made once more (`allowed`), or was (`used`). */
  resend: 'none' | 'allowed' | 'used';
  sentBefore: boolean;
  disconnected: boolean;

  /** `settlePosts` under way: what its snapshot said, and whether the post's row was written to since. */
  ending: 'none' | 'published' | 'failed';
  touched: boolean;
  /** A statement whose client gave up, and which the database has yet to carry out. */
  late: 'none' | 'sending' | 'settle';
  lateHolds: Worker['holds'];
  lateOutcome: Outcome;
  /** A change by a person that is not finished: read and not written yet, or written and not answered. */
  change: 'none' | 'read' | 'repeat';
  changeAt: number;
  changeStale: boolean;

  /** How many posts the platform shows, and since when. */
  public: number;
  publicAt: number;
  /** An answer was there, and nobody read it. */
  answerIgnored: boolean;

  kills: number;
  lostAnswers: number;
  lateStatements: number;
  decisions: number;
  failovers: number;
  jumps: number;

  workers: Worker[];
  calls: Call[];
  /** What this very step did wrong. Not part of what makes two states the same. */
  broken: string;
}

export const idle: Worker = {
  at: 'idle',
  holds: 'no',
  mayBeOut: false,
  senderGone: false,
  disconnected: false,
  text: 0,
  openedAt: 0,
  ownCall: false,
  sent: false,
  since: 0,
  lookedAt: 0,
  sawIt: false,
  call: 0,
  outcome: 'none',
  snapshot: 'draft',
};

const noCall: Call = { state: 'none', until: 0 };

/** A post that is due in one tick. */
export function begin(world: World): State {
  const { kills, lostAnswers, lateStatements, decisions, failovers, jumps } = world.faults;
  return {
    post: 'scheduled',
    scheduledAt: NOW + 1,
    text: 0,
    wantedAt: NOW + 1,
    cancelGranted: false,
    delivery: 'pending',
    nextAttemptAt: 0,
    leaseUntil: 0,
    sendingAt: 0,
    sendingDeadline: 0,
    callEndedAt: 0,
    triesUsed: 0,
    resend: 'none',
    sentBefore: false,
    disconnected: false,
    ending: 'none',
    touched: false,
    late: 'none',
    lateHolds: 'no',
    lateOutcome: 'none',
    change: 'none',
    changeAt: 0,
    changeStale: false,
    public: 0,
    publicAt: 0,
    answerIgnored: false,
    kills,
    lostAnswers,
    lateStatements,
    decisions,
    failovers,
    jumps,
    workers: Array.from({ length: world.workers }, () => ({ ...idle })),
    calls: [{ ...noCall }, { ...noCall }],
    broken: '',
  };
}

export function copy(s: State): State {
  return { ...s, workers: s.workers.map((w) => ({ ...w })), calls: s.calls.map((call) => ({ ...call })) };
}
