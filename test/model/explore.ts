import { decode, encode, forget, sort, widthOf } from './encode.ts';
import { isOver, NEVER_ENDS, wrongIn } from './properties.ts';
import { begin, copy, type State } from './state.ts';
import { steps } from './steps.ts';
import { StateStore } from './store.ts';
import type { World } from './world.ts';

export interface Exploration {
  states: number;
  transitions: number;
  /** Every state that can be reached within the bounds was visited. */
  exhausted: boolean;
  /** The first one found, with the fewest steps. */
  violation?: { what: string; trace: string[] };
  seconds: number;
}

/** Visits every reachable state, breadth first, until all are visited or one is wrong. */
export function explore(world: World, { maxStates = 20_000_000 } = {}): Exploration {
  const started = performance.now();
  const width = widthOf(world);
  const store = new StateStore(width);
  const bytes = new Uint8Array(width);
  const edges = new Edges();
  const parents = new Numbers();
  const numberOf = (s: State) => {
    sort(s);
    encode(s, bytes);
    return store.add(bytes);
  };
  const first = begin(world);
  numberOf(first);
  parents.push(-1);

  let wrong: { what: string; at: number; parent: number } | undefined;
  let transitions = 0;
  const over: number[] = [];
  let current = 0;
  for (; current < store.count && !wrong && store.count <= maxStates; current++) {
    const s = decode(store.bytes, current * width, world);
    if (isOver(s)) over.push(current);
    steps(s, world, (_, change, kind = 'step') => {
      transitions++;
      const next = copy(s);
      change(next);
      forget(next, world);
      const before = store.count;
      const number = numberOf(next);
      if (number === before) parents.push(current);
      // Only steps that happen for certain count: faults and people's decisions may never happen.
      if (kind === 'step' && number !== current) edges.push(current, number);
      const what = wrongIn(next, world);
      if (what && !wrong) wrong = { what, at: number, parent: current };
    });
  }
  const exhausted = current === store.count && !wrong;
  if (exhausted) {
    const stuck = edges.firstWithoutAWayTo(over, store.count);
    if (stuck >= 0) wrong = { what: NEVER_ENDS, at: stuck, parent: parents.at(stuck) };
  }
  const path = wrong && [wrong.at];
  for (let at = wrong?.parent ?? -1; path && at >= 0; at = parents.at(at)) path.unshift(at);
  return {
    states: store.count,
    transitions,
    exhausted,
    ...(wrong && path && { violation: { what: wrong.what, trace: traceAlong(path) } }),
    seconds: (performance.now() - started) / 1000,
  };

  /** Takes the steps again without renaming the workers. */
  function traceAlong(numbers: number[]): string[] {
    let s = begin(world);
    return numbers.slice(1).map((wanted, i) => {
      const isLast = i === numbers.length - 2;
      let found: { label: string; next: State } | undefined;
      steps(s, world, (label, change) => {
        const next = copy(s);
        change(next);
        forget(next, world);
        const isWanted =
          numberOf(copy(next)) === wanted &&
          (!isLast || wrong?.what === NEVER_ENDS || wrongIn(next, world) === wrong?.what);
        if (isWanted) found ??= { label, next };
      });
      if (!found) throw new Error('A trace that cannot be followed.');
      s = found.next;
      return found.label;
    });
  }
}

/** A growing list of whole numbers. */
class Numbers {
  private numbers = new Int32Array(1 << 12);
  length = 0;
  at(index: number): number {
    return this.numbers[index]!;
  }
  push(number: number): void {
    if (this.length === this.numbers.length) {
      const more = new Int32Array(this.length * 2);
      more.set(this.numbers);
      this.numbers = more;
    }
    this.numbers[this.length++] = number;
  }
}

/** The steps between states, used to find states that cannot end. */
class Edges {
  private readonly from = new Numbers();
  private readonly to = new Numbers();

  push(from: number, to: number): void {
    this.from.push(from);
    this.to.push(to);
  }

  /** The first state from which none of `goals` can be reached; -1 when there is none. */
  firstWithoutAWayTo(goals: number[], count: number): number {
    const reaches = new Uint8Array(count);
    for (const goal of goals) reaches[goal] = 1;
    for (let changed = true; changed;) {
      changed = false;
      // States are ordered by their distance from the start, so the first round does most of the work.
      for (let i = this.from.length - 1; i >= 0; i--) {
        const from = this.from.at(i);
        if (reaches[from] === 1 || reaches[this.to.at(i)] === 0) continue;
        reaches[from] = 1;
        changed = true;
      }
    }
    return reaches.indexOf(0);
  }
}
