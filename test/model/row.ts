import { NOW, type Outcome, type State, type Worker } from './state.ts';
import type { World } from './world.ts';

// The statements of packages/domain/src/delivery/*.repository.ts, each executed at one instant.

/** The `HELD` of hold.repository.ts. */
export function holdsRow(s: State, holds: Worker['holds'], world: World): boolean {
  return s.delivery === 'publishing' && (holds === 'yes' || !world.on.fence);
}

export const isDue = (s: State) => s.delivery === 'pending' && s.nextAttemptAt > 0 && s.nextAttemptAt <= NOW;

export const isAbandoned = (s: State, world: World) =>
  s.delivery === 'publishing' && (s.leaseUntil <= NOW || !world.on.lease);

/** `claimDeliveries`: the row is held under a new number from now on. */
export function claim(s: State, world: World): void {
  overtake(s, world);
  s.delivery = 'publishing';
  s.nextAttemptAt = 0;
  s.leaseUntil = NOW + world.times.lease;
}

/** The previous holder loses the row, unless a fail-over undid its claim and its fencing number is now used again. */
function overtake(s: State, world: World): void {
  const after = (holds: Worker['holds']) => (holds === 'undone' && !world.on.claimToken ? 'yes' : 'no');
  for (const worker of s.workers) worker.holds = after(worker.holds);
  s.lateHolds = after(s.lateHolds);
}

/** `markSending`. */
export function markSending(s: State, world: World): void {
  s.sendingAt = NOW;
  s.sendingDeadline = NOW + world.times.window;
  s.callEndedAt = 0;
  s.leaseUntil = NOW + world.times.lease;
  s.sentBefore = true;
  if (s.resend === 'allowed') s.resend = 'used';
}

/** `settleDelivery`, with what `retryOrGiveUp` and `lookUpDelivery` make of the outcome. */
export function settle(s: State, outcome: Outcome, callEndedAt: number, world: World): void {
  const isLast = s.triesUsed + 1 >= world.tries;
  /** An earlier sending may have made the post public, whatever the outcome of this one. */
  const unproved = s.resend !== 'none' && world.on.keepsSending;
  s.leaseUntil = 0;
  if (callEndedAt > 0) s.callEndedAt = callEndedAt;
  switch (outcome) {
    case 'published':
      return end(s, 'published');
    case 'uncertain':
      s.delivery = 'uncertain';
      return;
    case 'ask again':
      s.delivery = 'pending';
      s.nextAttemptAt = NOW + 1;
      return;
    case 'handed back':
      if (unproved) s.resend = 'allowed';
      return again(s, unproved);
    case 'refused':
    case 'retry':
      if (outcome === 'retry' && !isLast) {
        s.triesUsed++;
        if (unproved) s.resend = 'allowed';
        return again(s, unproved);
      }
      if (s.resend !== 'none' && world.on.noEarlyNotSent) return lookOrAsk(s, world);
      return end(s, 'failed');
    case 'absent':
      if (isLast) return end(s, 'failed');
      s.triesUsed++;
      s.resend = 'none';
      return again(s, false);
    case 'resend':
      if (isLast)
        return world.platform === 'resent' || world.on.noEarlyNotSent
          ? lookOrAsk(s, world)
          : end(s, 'failed');
      s.triesUsed++;
      s.resend = 'allowed';
      return again(s, world.on.keepsSending);
    case 'none':
      throw new Error('A worker settles without an outcome.');
  }
}

/** While the post may be public, it is neither sent again nor failed: it is looked up, or uncertain where that is impossible. */
function lookOrAsk(s: State, world: World): void {
  s.resend = 'none';
  s.delivery = world.platform === 'resent' ? 'uncertain' : 'pending';
  if (s.delivery === 'pending') s.nextAttemptAt = NOW + 1;
}

function again(s: State, mayBeOut: boolean): void {
  s.delivery = 'pending';
  s.nextAttemptAt = NOW;
  if (!mayBeOut) clearSending(s);
}

export function end(s: State, as: 'published' | 'failed'): void {
  s.delivery = as;
  s.leaseUntil = 0;
  s.nextAttemptAt = 0;
  s.resend = 'none';
  clearSending(s);
}

export function clearSending(s: State): void {
  s.sendingAt = 0;
  s.callEndedAt = 0;
  s.sendingDeadline = 0;
}

/** `recordReceipt`: a receipt is proof, also from a superseded holder. The statement sees the post's status in its snapshot. */
export function recordReceipt(s: State, snapshot: State['post'], world: World): void {
  if (s.delivery === 'published') return;
  end(s, 'published');
  fenceOff(s);
  const open = (post: State['post']) => post === 'failed' || (world.on.touchesPost && post === 'publishing');
  if (open(snapshot) && open(s.post)) reopen(s);
}

/** Raises the fencing number, so that no holder's write is accepted any more. */
export function fenceOff(s: State): void {
  for (const worker of s.workers) worker.holds = 'no';
  s.lateHolds = 'no';
}

export function reopen(s: State): void {
  s.post = 'publishing';
  s.touched = true;
}

/** By the row, none of our calls can be carried out any more. */
export const canNoLongerLand = (s: State, at: number, world: World) =>
  Math.max(s.sendingDeadline + world.times.call, s.callEndedAt) < at;
