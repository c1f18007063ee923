import type { Database } from '@solospark/db';
import { setTimeout as delay } from 'node:timers/promises';
import { findOpen, type Open } from './evidence.ts';

const LOOK_EVERY_MS = 1_000;
/** Abandoned deliveries count only after this time: workers that were just restarted need a moment to take over. */
const SETTLING_MS = 10_000;

export interface Quiet {
  open: Open;
  waitedMs: number;
  /** Deliveries that were abandoned while workers were up (I4). */
  abandoned: Set<string>;
}

/** Waits until everything has ended, at most `timeoutMs`; prints now and then what is still open. */
export async function waitUntilQuiet(
  db: Database,
  options: { timeoutMs: number; signal: AbortSignal; say: (line: string) => void },
): Promise<Quiet> {
  const startedAt = Date.now();
  const abandoned = new Set<string>();
  let saidAt = startedAt;
  for (;;) {
    const open = await findOpen(db);
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > SETTLING_MS) for (const id of open.abandoned) abandoned.add(id);
    const nothing = open.scheduled + open.publishing + open.deliveries === 0;
    if (nothing || waitedMs > options.timeoutMs || options.signal.aborted)
      return { open, waitedMs, abandoned };
    if (Date.now() - saidAt > 15_000) {
      saidAt = Date.now();
      options.say(`still open: ${open.scheduled} scheduled, ${open.deliveries} deliveries${nextOf(open)}`);
    }
    await delay(LOOK_EVERY_MS);
  }
}

function nextOf({ nextAttemptInMs }: Open): string {
  return nextAttemptInMs === null
    ? ''
    : `, the last is tried again in ${Math.round(nextAttemptInMs / 1000)} s`;
}
