import { peopleSteps } from './people.ts';
import { clearSending, holdsRow, isAbandoned, isDue, markSending, settle } from './row.ts';
import { NOW, type State } from './state.ts';
import { workerSteps } from './worker.ts';
import type { World } from './world.ts';

/** The kind of a step: one by a fault or a person may never happen; every other step happens sooner or later. */
export type Kind = 'step' | 'fault' | 'person';

/** Offers a step: its label, and its change of the state. */
export type Go = (label: string, change: (next: State) => void, kind?: Kind) => void;

/** Offers every step that is possible in this state. */
export function steps(s: State, world: World, go: Go): void {
  clockSteps(s, world, go);
  platformSteps(s, world, go);
  postSteps(s, world, go);
  lateStatementSteps(s, world, go);
  failOverSteps(s, world, go);
  peopleSteps(s, world, go);
  s.workers.forEach((worker, i) => workerSteps(s, world, i, worker, go));
}

function clockSteps(s: State, world: World, go: Go): void {
  if (!(world.prompt && isBusy(s, world))) {
    go('a tick', (next) => age(next, world, { ofRows: 1, ofProcesses: 1 }));
  }
  if (s.jumps === 0 || world.on.A7) return;
  const jump = (next: State) => {
    next.jumps--;
    age(next, world, { ofRows: 3, ofProcesses: 0 });
  };
  go("the database's clock jumps forward", jump, 'fault');
}

/** A step can be taken before the clock moves on. */
const isBusy = (s: State, world: World) =>
  s.workers.some(({ at }) => at !== 'idle') ||
  (s.post === 'scheduled' && s.scheduledAt <= NOW) ||
  isDue(s) ||
  isAbandoned(s, world);

/** Moves times into the past: those from the database's clock, and those from other clocks. */
function age(s: State, world: World, { ofRows, ofProcesses }: { ofRows: number; ofProcesses: number }): void {
  const older = (time: number, by: number) => (time === 0 ? 0 : Math.max(1, time - by));
  s.scheduledAt = older(s.scheduledAt, ofRows);
  s.wantedAt = older(s.wantedAt, ofRows);
  s.changeAt = older(s.changeAt, ofRows);
  s.nextAttemptAt = older(s.nextAttemptAt, ofRows);
  s.leaseUntil = older(s.leaseUntil, ofRows);
  s.sendingAt = older(s.sendingAt, ofRows);
  s.sendingDeadline = older(s.sendingDeadline, ofRows);
  s.callEndedAt = older(s.callEndedAt, ofRows);
  s.publicAt = older(s.publicAt, ofProcesses);
  for (const worker of s.workers) {
    worker.openedAt = older(worker.openedAt, ofProcesses);
    worker.since = older(worker.since, ofProcesses);
    worker.lookedAt = older(worker.lookedAt, ofProcesses);
  }
  for (const call of s.calls) {
    call.until = older(call.until, ofProcesses);
    if (call.state === 'under way' && call.until < NOW && world.on.A1) call.state = 'over';
  }
}

function platformSteps(s: State, world: World, go: Go): void {
  s.calls.forEach(({ state }, i) => {
    if (state === 'under way') {
      go(`the platform carries out call ${i + 1}`, (next) => {
        next.calls[i]!.state = 'carried out';
        // The same key writes the same record, or the duplicate is refused: nothing new becomes public.
        const isKnown = (world.platform === 'keyed' || world.platform === 'resent') && world.on.A5;
        if (next.public > 0 && isKnown) return;
        next.public++;
        if (next.public === 1) next.publicAt = NOW;
      });
    }
    if (state === 'carried out') {
      go(`the answer to call ${i + 1} arrives`, (next) => void (next.calls[i]!.state = 'answered'));
    }
  });
}

function postSteps(s: State, world: World, go: Go): void {
  const clock = NOW + (world.on.databaseClock ? 0 : 2);
  if (s.post === 'scheduled' && s.scheduledAt <= clock) {
    go('the post fires (fireDuePosts)', (next) => fire(next));
  }
  const hasEnded = s.delivery === 'published' || s.delivery === 'failed' || s.delivery === 'uncertain';
  if (s.post === 'publishing' && hasEnded && s.ending === 'none') {
    const ending = endOf(s);
    go(`the post is to end ${ending} (settlePosts: its snapshot)`, (next) => {
      next.ending = ending;
      next.touched = false;
    });
  }
  if (s.ending !== 'none') {
    go(`the post ends (settlePosts: its write)`, (next) => {
      const isCurrent = !s.touched && s.post === 'publishing';
      if ((isCurrent || !world.on.postVersion) && s.ending !== 'none') next.post = s.ending;
      next.ending = 'none';
    });
  }
}

export const endOf = (s: State) => (s.delivery === 'published' ? 'published' : 'failed');

export function fire(s: State): void {
  s.post = 'publishing';
  s.touched = true;
  s.nextAttemptAt = NOW;
}

/** A replica without the last commit becomes the primary: a holder's claim, or (A6) its `sending`, is lost. */
function failOverSteps(s: State, world: World, go: Go): void {
  if (s.failovers === 0 || s.delivery !== 'publishing') return;
  if (s.sendingAt === 0 && s.leaseUntil === NOW + world.times.lease) {
    const undo = (next: State) => {
      next.failovers--;
      next.delivery = 'pending';
      next.nextAttemptAt = NOW;
      for (const w of next.workers) w.holds = w.holds === 'yes' ? 'undone' : w.holds;
    };
    go('a fail-over loses the claim', undo, 'fault');
  }
  if (s.sendingAt === NOW && !world.on.A6) {
    const undo = (next: State) => {
      next.failovers--;
      clearSending(next);
    };
    go('a fail-over loses the `sending`', undo, 'fault');
  }
}

function lateStatementSteps(s: State, world: World, go: Go): void {
  if (s.late === 'none') return;
  go(`the late statement is carried out: ${s.late === 'sending' ? s.late : s.lateOutcome}`, (next) => {
    next.late = 'none';
    if (!holdsRow(s, s.lateHolds, world)) return;
    if (s.late === 'sending') markSending(next, world);
    else settle(next, s.lateOutcome, 0, world);
  });
}
