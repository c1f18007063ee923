import type { Step } from '../steps.ts';

/** Faults that decide the answer of a call; a call gets at most one of them. */
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

/** Faults that change what a call creates. A call may get one in addition to an outcome fault. */
export const alterations = ['delayed-visibility', 'processing-failed'] as const;

export type OutcomeFault = (typeof outcomeFaults)[number];
export type Alteration = (typeof alterations)[number];
export type FaultKind = OutcomeFault | Alteration;

export interface Fault {
  platform: string;
  /** Without it, the fault is for the first caller. */
  account?: string;
  step: Step;
  fault: FaultKind;
  /** How many calls pass before it applies. */
  after: number;
  /** To how many calls it applies. */
  times: number;
  /** How long a hanging call hangs, or a post stays hidden. */
  ms: number;
  /** The status of a 5xx. */
  status: number;
  retryAfterSeconds: number;
}

export interface ArmedFault extends Fault {
  /** How many more calls pass before it applies. */
  toPass: number;
  /** To how many more calls it applies. */
  left: number;
}

export interface FaultBook {
  arm(fault: Fault): ArmedFault;
  /** Takes one use of the fault that was armed first; faults for this account come before faults for any account. */
  take<K extends FaultKind>(
    call: { platform: string; step: Step; account: string },
    kinds: readonly K[],
  ): (ArmedFault & { fault: K }) | undefined;
  /** Returns the use of a fault that did not apply, because the call was refused anyway. */
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
