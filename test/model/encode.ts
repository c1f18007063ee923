import { begin, idle, NOW, type Call, type State, type Worker } from './state.ts';
import { worldOf, type World } from './world.ts';

// A state as a few bytes, so that millions of them fit into memory, and two that behave alike are one.

/** Every word that a state may hold; its place is its byte. */
const words = [
  ...[
    'none',
    'draft',
    'scheduled',
    'pending',
    'publishing',
    'published',
    'failed',
    'uncertain',
    'allowed',
    'used',
  ],
  ...[
    'sending',
    'settle',
    'read',
    'repeat',
    'idle',
    'claimed',
    'prepared',
    'marking',
    'marked',
    'connecting',
    'calling',
  ],
  ...[
    'asking',
    'asked',
    'settling',
    'proving',
    'yes',
    'no',
    'undone',
    'under way',
    'carried out',
    'answered',
    'over',
  ],
  ...['retry', 'refused', 'absent', 'resend', 'ask again', 'handed back'],
];
const byteOf: Record<string, number> = Object.fromEntries(words.map((word, byte) => [word, byte]));

type Flat = Record<string, string | number | boolean>;
type Kind = 'word' | 'number' | 'flag';
const kinds = { string: 'word', number: 'number', boolean: 'flag' } as Record<string, Kind>;
const fieldsOf = (of: object): [string, Kind][] =>
  Object.entries(of)
    .filter(([name, value]) => name !== 'broken' && !Array.isArray(value))
    .map(([name, value]) => [name, kinds[typeof value]!]);

const someState = begin(worldOf({}));
const rowFields = fieldsOf(someState);
const workerFields = fieldsOf(idle);
const callFields = fieldsOf(someState.calls[0]!);

export const widthOf = (world: World) =>
  rowFields.length + world.workers * workerFields.length + someState.calls.length * callFields.length;

export function encode(s: State, bytes: Uint8Array): void {
  let at = write(s as unknown as Flat, rowFields, bytes, 0);
  for (const worker of s.workers) at = write(worker as unknown as Flat, workerFields, bytes, at);
  for (const call of s.calls) at = write(call as unknown as Flat, callFields, bytes, at);
}

function write(flat: Flat, fields: [string, Kind][], bytes: Uint8Array, from: number): number {
  let at = from;
  for (const [name, kind] of fields) {
    const value = flat[name];
    bytes[at++] = kind === 'word' ? byteOf[value as string]! : Number(value);
  }
  return at;
}

export function decode(bytes: Uint8Array, from: number, world: World): State {
  let at = from;
  const read = <T>(fields: [string, Kind][]): T => {
    const flat: Flat = {};
    for (const [name, kind] of fields) {
      const byte = bytes[at++]!;
      flat[name] = kind === 'word' ? words[byte]! : kind === 'flag' ? byte === 1 : byte;
    }
    return flat as T;
  };
  const s = read<State>(rowFields);
  s.workers = Array.from({ length: world.workers }, () => read<Worker>(workerFields));
  s.calls = someState.calls.map(() => read<Call>(callFields));
  s.broken = '';
  return s;
}

/** Forgets what can make no difference any more: what nobody will read, and how long ago what is long past was. */
export function forget(s: State, world: World): void {
  const { window, call, absence } = world.times;
  // A jump still to come makes what lies behind it matter again.
  const jump = s.jumps * 3;
  const past = (time: number, matters: number) => (time === 0 ? 0 : Math.max(time, NOW - matters));
  if (s.delivery !== 'publishing') s.leaseUntil = 0;
  if (s.delivery !== 'pending') s.nextAttemptAt = 0;
  if (s.post !== 'scheduled') s.scheduledAt = 0;
  if (s.post !== 'scheduled' && s.post !== 'draft') {
    if (s.wantedAt <= NOW) s.wantedAt = 0;
    if (world.faults.decisions === 0) s.text = 0;
  }
  s.scheduledAt = past(s.scheduledAt, 0);
  s.wantedAt = past(s.wantedAt, 0);
  s.changeAt = s.change === 'none' ? 0 : past(s.changeAt, 0);
  if (s.change === 'none') s.changeStale = false;
  s.leaseUntil = past(s.leaseUntil, 0);
  s.nextAttemptAt = past(s.nextAttemptAt, 0);
  s.sendingAt = past(s.sendingAt, absence + 1);
  s.sendingDeadline = past(s.sendingDeadline, call + 1);
  s.callEndedAt = past(s.callEndedAt, absence + 1);
  s.publicAt = past(s.publicAt, world.times.lag);
  if (s.ending === 'none') s.touched = false;
  if (s.late !== 'settle') s.lateOutcome = 'none';
  if (s.late === 'none') s.lateHolds = 'no';
  if (world.platform !== 'listed') s.sentBefore = false;

  for (const w of s.workers) {
    const { at } = w;
    const mayAsk = at === 'asking' || at === 'asked' || at === 'claimed';
    const maySend = at === 'prepared' || at === 'marking' || at === 'marked' || at === 'connecting';
    if (!mayAsk) w.mayBeOut = w.senderGone = false;
    if (at !== 'claimed') w.disconnected = false;
    if (at !== 'claimed' && !maySend) w.text = 0;
    if (at !== 'marking' && at !== 'marked' && at !== 'connecting') w.openedAt = 0;
    if (at === 'proving' || at === 'prepared' || at === 'marking') w.since = 0;
    if (at === 'settling' && !w.ownCall) w.since = 0;
    if (at !== 'asking' && at !== 'asked' && at !== 'settling') w.ownCall = false;
    if (at !== 'settling' || world.on.notesOvertaken) w.sent = w.sent && !world.on.notesOvertaken;
    if (at !== 'asked') w.lookedAt = 0;
    if (at !== 'asked') w.sawIt = false;
    if (at !== 'calling') w.call = 0;
    if (at !== 'settling') w.outcome = 'none';
    if (at !== 'proving') w.snapshot = 'draft';
    w.openedAt = past(w.openedAt, Math.max(window, call) + 1);
    w.since = past(w.since, absence + 1);
    w.lookedAt = past(w.lookedAt, absence + 1 + jump);
    if (at === 'idle') Object.assign(w, idle);
  }
  s.calls.forEach((one, i) => {
    const isRead = s.workers.some((w) => w.at === 'calling' && w.call === i);
    if (one.state !== 'under way' && !isRead) one.state = 'none';
    if (one.state !== 'under way') one.until = 0;
  });
}

/** Workers and calls have no names: of the states that differ only in those, one stands for all. */
export function sort(s: State): void {
  const callOf = (w: Worker) => (w.at === 'calling' ? s.calls[w.call] : undefined);
  s.workers.sort(
    (one, other) => compare(one, other, workerNames) || compareCalls(callOf(one), callOf(other)),
  );
  // First those that a worker waits for, in its order; then the others.
  const calls = new Set(s.workers.map(callOf).filter((call) => call !== undefined));
  for (const call of [...s.calls].sort(compareCalls)) calls.add(call);
  const sorted = [...calls];
  for (const w of s.workers) {
    const call = callOf(w);
    if (call) w.call = sorted.indexOf(call);
  }
  s.calls = sorted;
}

const workerNames = workerFields.map(([name]) => name).filter((name) => name !== 'call');
const callNames = callFields.map(([name]) => name);

function compareCalls(one: Call | undefined, other: Call | undefined): number {
  return one && other ? compare(one, other, callNames) : 0;
}

function compare(one: object, other: object, names: string[]): number {
  for (const name of names) {
    const [a, b] = [(one as Flat)[name]!, (other as Flat)[name]!];
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}
