import type { World } from './world.ts';

// The state of the model: one post with one delivery, the workers, the calls at the platform, and the faults that are left.
// Uses words instead of numbers where possible, so that a state reads like a row.

/** The current time never changes: a tick of the clock moves all other times one back. 0 means "no time". */
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
  /** Its position in packages/domain/src/delivery: the step that comes next. */
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
  /** Whether the row still has its claim. `undone`: a fail-over lost the claim. */
  holds: 'yes' | 'no' | 'undone';
  /** `claim.sendingAt` was set: it asks, and never sends. */
  mayBeOut: boolean;
  /** `claim.senderGoneInMs` was 0. */
  senderGone: boolean;
  disconnected: boolean;
  text: number;
  /** When its sending window opened, by its own clocks; in `connecting`: when it passed the check. */
  openedAt: number;
  /** It looks up its own call, which ended at `since`. */
  ownCall: boolean;
  /** It has made a public call under this claim. */
  sent: boolean;
  /** The start of the wait after which absence is believed. */
  since: number;
  lookedAt: number;
  sawIt: boolean;
  call: number;
  outcome: Outcome;
  /** The post's status in the snapshot of its statement. */
  snapshot: State['post'];
}

/** A public call, as the platform sees it. `answered`: the answer is in the worker's socket. */
export interface Call {
  state: 'none' | 'under way' | 'carried out' | 'answered' | 'over';
  until: number;
}

export interface State {
  post: 'draft' | 'scheduled' | 'publishing' | 'published' | 'failed';
  scheduledAt: number;
  text: number;
  /** The time of the last granted change, whatever the row contains. */
  wantedAt: number;
  cancelGranted: boolean;

  delivery: 'pending' | 'publishing' | 'published' | 'failed' | 'uncertain';
  nextAttemptAt: number;
  leaseUntil: number;
  sendingAt: number;
  sendingDeadline: number;
  /** When the call ended without an answer, by its sender's clock. */
  callEndedAt: number;
  triesUsed: number;
  /** A sending whose absence is unproved may be repeated once (`allowed`), or was repeated (`used`). */
  resend: 'none' | 'allowed' | 'used';
  sentBefore: boolean;
  disconnected: boolean;

  /** `settlePosts` in progress: the status from its snapshot, and whether the post's row was written since. */
  ending: 'none' | 'published' | 'failed';
  touched: boolean;
  /** A statement whose client gave up, but which the database will still execute. */
  late: 'none' | 'sending' | 'settle';
  lateHolds: Worker['holds'];
  lateOutcome: Outcome;
  /** A person's unfinished change: read but not written yet, or written but not answered. */
  change: 'none' | 'read' | 'repeat';
  changeAt: number;
  changeStale: boolean;

  /** How many posts are public, and since when. */
  public: number;
  publicAt: number;
  /** An answer had arrived, but was not read. */
  answerIgnored: boolean;

  kills: number;
  lostAnswers: number;
  lateStatements: number;
  decisions: number;
  failovers: number;
  jumps: number;

  workers: Worker[];
  calls: Call[];
  /** What the last step did wrong. Ignored when states are compared. */
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
