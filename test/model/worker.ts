import {
  canNoLongerLand,
  claim,
  holdsRow,
  isAbandoned,
  isDue,
  markSending,
  recordReceipt,
  settle,
} from './row.ts';
import { idle, NOW, type Outcome, type State, type Worker } from './state.ts';
import type { Go } from './steps.ts';
import type { World } from './world.ts';

// A worker from the claim to the settlement, as in packages/domain/src/delivery. Nothing forces it to take its next step, so it
// may pause for any time between two steps. It may also be killed.

export function workerSteps(s: State, world: World, i: number, w: Worker, go: Go): void {
  const name = `worker ${i + 1}`;
  const take = (label: string, change: (me: Worker, next: State) => void, kind?: 'fault') =>
    go(`${name} ${label}`, (next) => change(next.workers[i]!, next), kind);
  const settleAs = (outcome: Outcome) => (me: Worker) => {
    me.at = 'settling';
    me.outcome = outcome;
  };
  const leave = (_: Worker, next: State) => void (next.workers[i] = { ...idle });
  const holds = holdsRow(s, w.holds, world);

  if (w.at !== 'idle') {
    if (s.kills > 0) {
      take(
        'is killed',
        (me, next) => {
          next.kills--;
          leave(me, next);
        },
        'fault',
      );
    }
    if (holds && s.leaseUntil !== NOW + world.times.lease) {
      take('renews its lease (renewLeases)', (_, next) => void (next.leaseUntil = NOW + world.times.lease));
    }
  }

  switch (w.at) {
    case 'idle': {
      if (!isDue(s) && !isAbandoned(s, world)) return;
      take(isDue(s) ? 'claims (claimDeliveries)' : 'takes it over (claimDeliveries)', (me, next) => {
        claim(next, world);
        me.at = 'claimed';
        me.holds = 'yes';
        me.mayBeOut = s.sendingAt > 0 && s.resend !== 'allowed' && world.on.evidence;
        me.senderGone = s.sendingDeadline <= NOW;
        me.since = Math.max(s.sendingAt, s.callEndedAt);
        me.text = s.text;
        me.disconnected = s.disconnected;
      });
      if (s.lostAnswers > 0) {
        take(
          'claims, and its answer is lost',
          (_, next) => {
            next.lostAnswers--;
            claim(next, world);
          },
          'fault',
        );
      }
      return;
    }

    // openAttempt, prepare
    case 'claimed':
      if (w.disconnected) return take('finds the account disconnected (openAttempt)', settleAs('refused'));
      if (w.mayBeOut) return take('has to look it up (lookUpDelivery)', (me) => void (me.at = 'asking'));
      if (s.sentBefore && world.platform === 'listed' && world.on.secondLook) {
        if (s.public > 0) take('looks it up again, and finds it (prepare)', settleAs('published'));
        if (isListed(s, world)) return;
      }
      return take('prepares (prepare)', (me) => void (me.at = 'prepared'));

    // sendDelivery, commitSending
    case 'prepared':
      take('is asked to stop, and hands back', settleAs('handed back'));
      return take('reads its clocks (commitSending)', (me) => {
        me.at = 'marking';
        me.openedAt = NOW;
      });
    case 'marking':
      if (!holds) return take('is superseded (markSending)', leave);
      take('commits `sending` (markSending)', (me, next) => {
        markSending(next, world);
        me.at = 'marked';
        me.since = NOW;
      });
      if (s.lostAnswers > 0) {
        take(
          'commits `sending`, and its answer is lost',
          (_, next) => {
            next.lostAnswers--;
            markSending(next, world);
          },
          'fault',
        );
      }
      if (s.lateStatements > 0 && s.late === 'none') {
        take(
          'gives up on committing `sending`, which is still under way',
          (me, next) => {
            next.lateStatements--;
            next.late = 'sending';
            next.lateHolds = w.holds;
            settleAs('handed back')(me);
          },
          'fault',
        );
      }
      return;

    // assertMaySend, and the wire
    case 'marked': {
      // If the answer to the commit opened the window, the window would be longer by the duration of the commit.
      const isClosed = world.on.windowFirst && NOW - w.openedAt > world.times.window;
      if (isClosed && world.on.deadline && world.on.A4)
        return take('finds its window closed, and hands back', settleAs('handed back'));
      if (world.on.checkAtTheWire && world.on.A3) return callOut();
      return take('passes the check (assertMaySend)', (me) => {
        me.at = 'connecting';
        me.openedAt = NOW;
      });
    }
    case 'connecting':
      // Without A3 a pause may be endless; otherwise connecting ends at the call's time limit.
      if (!world.on.A3 || NOW - w.openedAt <= world.times.call) callOut();
      if (NOW - w.openedAt >= world.times.call) hearNothing('gets no connection');
      return;
    case 'calling': {
      const { state } = s.calls[w.call]!;
      if (state === 'answered') take('reads the receipt', settleAs('published'));
      if (state === 'under way') {
        for (const outcome of ['retry', 'refused'] as const) {
          take(`is answered: ${outcome}`, (me, next) => {
            next.calls[w.call]!.state = 'over';
            settleAs(outcome)(me);
          });
        }
      }
      if (state === 'answered' && !world.on.readsBuffer) {
        return take('times out, although the answer has arrived', (me, next) => {
          next.answerIgnored = true;
          unclear(me);
        });
      }
      if (state === 'over' || (state !== 'answered' && !world.prompt)) hearNothing('gets no answer');
      return;
    }

    // lookUpDelivery, and the publisher's look-up
    case 'asking':
      if (world.platform === 'unlisted') return take('cannot look it up', settleAs('uncertain'));
      if (world.platform === 'resent') {
        return take('cannot look it up', settleAs(s.resend === 'none' ? 'resend' : 'uncertain'));
      }
      if (s.public > 0) take('looks it up: there', look(true));
      if (!isListed(s, world)) take('looks it up: not there', look(false));
      return;
    case 'asked': {
      const outcome = conclude();
      return take(`concludes: ${outcome}`, settleAs(outcome));
    }

    // settleDelivery, recordReceipt
    case 'settling': {
      const label = `settles: ${w.outcome} (settleDelivery)`;
      if (holds) {
        take(label, (me, next) => {
          settle(next, w.outcome, w.ownCall ? w.since : 0, world);
          leave(me, next);
        });
        if (s.lostAnswers > 0) {
          take(
            `${label}, and its answer is lost`,
            (_, next) => {
              next.lostAnswers--;
              settle(next, w.outcome, w.ownCall ? w.since : 0, world);
            },
            'fault',
          );
        }
        if (s.lateStatements > 0 && s.late === 'none') {
          take(
            `gives up on the statement that settles: ${w.outcome}`,
            (me, next) => {
              next.lateStatements--;
              next.late = 'settle';
              next.lateHolds = w.holds;
              next.lateOutcome = w.outcome;
              leave(me, next);
            },
            'fault',
          );
        }
        return;
      }
      if (w.holds === 'yes') return take('finds it settled', leave);
      if (w.outcome !== 'published') {
        return take('is superseded (settleDelivery)', (me, next) => {
          if (w.sent) next.broken = 'I2: a public call was made, but not recorded';
          leave(me, next);
        });
      }
      return take('brings a late receipt (recordReceipt: its snapshot)', (me) => {
        me.at = 'proving';
        me.snapshot = s.post;
      });
    }
    case 'proving':
      return take('has its late receipt written (recordReceipt)', (me, next) => {
        recordReceipt(next, w.snapshot, world);
        leave(me, next);
      });
  }

  function callOut(): void {
    const free = s.calls.findIndex(({ state }) => state === 'none');
    if (free < 0) return;
    take('CALLS the platform', (me, next) => {
      next.broken = wrongToSend(s, w, world);
      next.calls[free] = { state: 'under way', until: NOW + world.times.call };
      me.at = 'calling';
      me.sent = true;
      me.call = free;
    });
  }

  function hearNothing(label: string): void {
    take(label, unclear);
  }

  function unclear(me: Worker): void {
    me.at = 'asking';
    me.mayBeOut = false;
    if (!world.on.waitFromCallEnd) return;
    me.ownCall = true;
    me.since = NOW;
  }

  function look(sawIt: boolean) {
    return (me: Worker) => {
      me.at = 'asked';
      me.sawIt = sawIt;
      me.lookedAt = NOW;
    };
  }

  function conclude(): Outcome {
    if (w.sawIt) return 'published';
    const { absence } = world.times;
    const wait = world.platform === 'keyed' || !world.on.absenceWait ? 0 : absence;
    const at = world.on.timeOfLook ? w.lookedAt : NOW;
    if (at - w.since < wait) return 'ask again';
    if (w.mayBeOut && !w.senderGone && world.on.senderGone) return 'ask again';
    return world.platform === 'keyed' && !canNoLongerLand(s, w.lookedAt, world) ? 'resend' : 'absent';
  }
}

/** The platform's list certainly shows the post. */
const isListed = (s: State, world: World) => s.public > 0 && NOW >= s.publicAt + world.times.lag;

/** Checks I3 at the first byte of a public call. */
function wrongToSend(s: State, w: Worker, world: World): string {
  // On these platforms a repeated call changes nothing when the post is already public.
  if (s.public > 0 && (world.platform === 'keyed' || world.platform === 'resent')) return '';
  if (s.cancelGranted) return 'I3: sent after a cancel that was granted';
  if (s.disconnected) return 'I3: sent after a disconnection that was granted';
  if (s.wantedAt > NOW) return 'I3: sent before the time that was granted';
  if (w.text !== s.text) return 'I3: sent with a text that was replaced';
  return '';
}
