import { end, fenceOff, reopen } from './row.ts';
import { NOW, type State } from './state.ts';
import { endOf, fire, type Go } from './steps.ts';
import type { World } from './world.ts';

// What people do through the API. A change is a compare-and-set on the post's revision (post.repository.ts), so it is one step.
// It is two steps where an earlier read, or an earlier request without an answer, matters.

export function peopleSteps(s: State, world: World, go: Go): void {
  const { people } = world;
  if (s.change !== 'none') finishChange(s, world, go);
  if (s.decisions === 0) return;
  const decide = (label: string, change: (next: State) => void) =>
    go(
      `a person ${label}`,
      (next) => {
        next.decisions--;
        change(next);
        // An unfinished change of another person is based on an old revision now.
        if (s.change !== 'none') next.changeStale = true;
        next.touched = true;
      },
      'person',
    );
  const isEditable = s.post === 'draft' || s.post === 'scheduled';

  if (people.includes('change')) {
    if (s.post === 'scheduled') {
      decide('unschedules it, and is told 200', (next) => {
        next.post = 'draft';
        next.cancelGranted = true;
      });
      decide('moves it to a later time', (next) => schedule(next, NOW + 2));
      decide('replaces its text', (next) => void (next.text = 1 - s.text));
    }
    if (s.post === 'draft') decide('schedules it again', (next) => schedule(next, NOW + 1));
    if (isEditable) {
      decide('publishes it now', (next) => {
        schedule(next, NOW);
        fire(next);
      });
    }
    if (s.post === 'failed' && s.delivery === 'failed') {
      decide('tries it again (refirePost)', (next) => {
        next.delivery = 'pending';
        next.triesUsed = 0;
        fire(next);
      });
    }
  }
  if (people.includes('edit') && s.post === 'scheduled' && s.change === 'none') {
    decide('reads it, to replace its text', (next) => begin(next, 'read', s.scheduledAt));
  }
  if (people.includes('repeat') && isEditable && s.change === 'none') {
    decide('schedules it, and the answer is lost', (next) => {
      schedule(next, NOW + 1);
      begin(next, 'repeat', NOW + 1);
    });
  }
  if (people.includes('word') && s.delivery === 'uncertain') {
    // recordResolution
    if (s.public > 0) decide('says that it is out', (next) => resolve(next, 'published'));
    const mayBeSent = s.sendingDeadline > 0 && s.sendingDeadline + world.times.call >= NOW;
    const maySayNo = s.public === 0 || !world.on.A8;
    if (maySayNo && !(mayBeSent && world.on.resolutionGuard)) {
      decide('says that it is not out', (next) => resolve(next, 'failed'));
    }
  }
  if (people.includes('disconnect') && !s.disconnected) {
    // disableChannel
    const isOpen = s.delivery === 'pending' || s.delivery === 'publishing';
    if (isOpen && s.sendingAt > 0 && world.on.disconnectionGuard) return;
    decide('disconnects the account, and is told 200', (next) => {
      next.disconnected = true;
      if (s.delivery !== 'publishing' && !(s.delivery === 'pending' && s.nextAttemptAt > 0)) return;
      end(next, 'failed');
      fenceOff(next);
    });
  }
}

function schedule(s: State, at: number): void {
  s.post = 'scheduled';
  s.scheduledAt = at;
  s.wantedAt = at;
  s.cancelGranted = false;
}

function begin(s: State, change: 'read' | 'repeat', at: number): void {
  s.change = change;
  s.changeAt = at;
  s.changeStale = false;
}

function resolve(s: State, as: 'published' | 'failed'): void {
  end(s, as);
  fenceOff(s);
  if (s.post === 'failed') reopen(s);
  if (s.post === 'publishing') s.post = endOf(s);
}

/** The second step of a change (compareAndSet): the write after the read, or the repetition after a lost answer. */
function finishChange(s: State, world: World, go: Go): void {
  const isEditable = s.post === 'draft' || s.post === 'scheduled';
  const done = (next: State) => {
    next.change = 'none';
    next.touched = true;
  };
  const writesAnyway = s.change === 'read' ? !world.on.revision : !world.on.knowsOwnChange;
  if (!isEditable || (s.changeStale && !writesAnyway))
    return go('the change finds another revision, and ends', done);
  if (s.change === 'repeat' && !s.changeStale) return go('the repeated change finds itself done', done);
  if (s.change === 'repeat') {
    return go('the repeated change is made again', (next) => {
      done(next);
      // A repetition is no new decision, so later grants stay valid.
      next.post = 'scheduled';
      next.scheduledAt = s.changeAt;
    });
  }
  go('the text is replaced, with the time and status that were read (changePost)', (next) => {
    done(next);
    next.post = 'scheduled';
    next.scheduledAt = s.changeAt;
    next.text = 1 - s.text;
  });
}
