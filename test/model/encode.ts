import { begin, idle, NOW, type Call, type State, type Worker } from './state.ts';
import { worldOf, type World } from './world.ts';

// Encodes a state as a few bytes, so that millions of states fit into memory, and merges states that behave the same.

/** Every word that a state may contain; its index is its byte. */
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

type Writer = (of: object, bytes: Uint8Array, at: number) => void;

/** Writes the fields of an object one after another. The code is unrolled, which is several times as fast as a loop. */
function writerOf(fields: [string, Kind][]) {
  const lines = fields.map(([name, kind], i) => {
    const value = kind === 'word' ? `byteOf[of.${name}]` : `+of.${name}`;
    return `bytes[at + ${i}] = ${value};`;
  });
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- written from the field names of our own state, for speed
  return new Function('byteOf', 'of', 'bytes', 'at', lines.join('\n')).bind(null, byteOf) as Writer;
}

const someState = begin(worldOf({}));
const rowFields = fieldsOf(someState);
const workerFields = fieldsOf(idle);
const callFields = fieldsOf(someState.calls[0]!);
const [writeRow, writeWorker, writeCall] = [rowFields, workerFields, callFields].map(writerOf) as [
  Writer,
  Writer,
  Writer,
];

export const widthOf = (world: World) =>
  rowFields.length + world.workers * workerFields.length + someState.calls.length * callFields.length;

export function encode(s: State, bytes: Uint8Array): void {
  let at = rowFields.length;
  writeRow(s, bytes, 0);
  for (const worker of s.workers) {
    writeWorker(worker, bytes, at);
    at += workerFields.length;
  }
  for (const call of s.calls) {
    writeCall(call, bytes, at);
    at += callFields.length;
  }
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

/** Resets everything that cannot matter any more: values that are not read again, and the exact age of old times. */
export function forget(s: State, world: World): void {
  const { window, call, absence } = world.times;
  // A clock jump that may still happen makes older times matter.
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
  s.callEndedAt = s.callEndedAt > s.sendingAt ? past(s.callEndedAt, absence + 1) : 0;
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

/** Sorts workers and calls: states that differ only in the order of these are the same state. */
export function sort(s: State): void {
  const callOf = (w: Worker) => (w.at === 'calling' ? s.calls[w.call] : undefined);
  s.workers.sort(
    (one, other) => compare(one, other, workerNames) || compareCalls(callOf(one), callOf(other)),
  );
  // First the call that the first of them waits for.
  const waiting = s.workers.find(({ at }) => at === 'calling');
  const isFirst = waiting ? waiting.call === 0 : compareCalls(s.calls[0], s.calls[1]) <= 0;
  if (isFirst) return;
  s.calls.reverse();
  for (const w of s.workers) if (w.at === 'calling') w.call = 1 - w.call;
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
