import type { Step } from '../steps.ts';

/** Faults that decide what the caller gets back; a call meets one of them at most. */
export const outcomeFaults = [
  'drop-before-commit',
  'hang-before-commit',
  '5xx-before-commit',
  'rate-limited',
  'rate-limited-bare',
  'expired-token',
  'rejected',
  'commit-then-drop',
  'commit-then-5xx',
  'commit-then-hang',
  'commit-then-refused',
  'truncated-body',
] as const;

/** Faults that change what a call makes. They go together with one that decides the answer. */
export const alterations = ['delayed-visibility', 'processing-failed'] as const;

export type OutcomeFault = (typeof outcomeFaults)[number];
export type Alteration = (typeof alterations)[number];
export type FaultKind = OutcomeFault | Alteration;

export interface Fault {
  platform: string;
  /** Without it, the fault is for whoever calls first. */
  account?: string;
  step: Step;
  fault: FaultKind;
  /** How many calls it lets pass first. */
  after: number;
  /** How many calls it is good for. */
  times: number;
  /** How long a hanging call hangs, or a post stays unseen. */
  ms: number;
  /** The status of a 5xx. */
  status: number;
  retryAfterSeconds: number;
}

export interface ArmedFault extends Fault {
  /** How many calls it will still let pass. */
  toPass: number;
  /** How many calls it is still good for. */
  left: number;
}

export interface FaultBook {
  arm(fault: Fault): ArmedFault;
  /** Uses up one turn of the fault that was armed first; those of this very account go before those for anyone. */
  take<K extends FaultKind>(
    call: { platform: string; step: Step; account: string },
    kinds: readonly K[],
  ): (ArmedFault & { fault: K }) | undefined;
  /** For a fault that found nothing to spoil: the call was refused anyway. */
  giveBack(fault: ArmedFault): void;
  list(): ArmedFault[];
  clear(): void;
}

export function createFaultBook(): FaultBook {
  const queues = new Map<string, ArmedFault[]>();
  const keyOf = (fault: Pick<Fault, 'platform' | 'step' | 'account'>) =>
    `${fault.platform} ${fault.step} ${fault.account ?? '*'}`;

  function takeFrom(key: string, kinds: readonly FaultKind[]): ArmedFault | undefined {
    const queue = queues.get(key);
    const index = queue?.findIndex((fault) => kinds.includes(fault.fault)) ?? -1;
    const fault = queue?.[index];
    if (!queue || !fault) return undefined;
    if (fault.toPass > 0) {
      fault.toPass -= 1;
      return undefined;
    }
    fault.left -= 1;
    if (fault.left === 0) queue.splice(index, 1);
    if (queue.length === 0) queues.delete(key);
    return fault;
  }

  return {
    arm(fault) {
      const armed = { ...fault, toPass: fault.after, left: fault.times };
      const key = keyOf(armed);
      const queue = queues.get(key);
      if (queue) queue.push(armed);
      else queues.set(key, [armed]);
      return armed;
    },
    take<K extends FaultKind>(
      call: { platform: string; step: Step; account: string },
      kinds: readonly K[],
    ): (ArmedFault & { fault: K }) | undefined {
      const fault =
        takeFrom(keyOf(call), kinds) ?? takeFrom(keyOf({ platform: call.platform, step: call.step }), kinds);
      return fault as (ArmedFault & { fault: K }) | undefined;
    },
    giveBack(fault) {
      fault.left += 1;
      if (fault.left > 1) return;
      const key = keyOf(fault);
      queues.set(key, [fault, ...(queues.get(key) ?? [])]);
    },
    list: () => [...queues.values()].flat(),
    clear: () => queues.clear(),
  };
}
