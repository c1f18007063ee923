// @ts-check
// The guard (see guard.mjs): waits until its parent has gone, and then does what the parent has left undone.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { hasEnded, isRunning, send } from './process-identity.mjs';

// Who ends the command ends the guard, too, by ending the command.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => undefined);

const serverGraceMs = 40_000;

/** @typedef {import('./guard.mjs').Duty} Duty */
/** @type {Map<number, Duty>} */
const duties = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { id, duty } = JSON.parse(line);
  if (duty) duties.set(id, duty);
  else duties.delete(id);
}
for (const kind of ['process', 'server', 'remove']) {
  const some = [...duties.values()].filter((duty) => duty.kind === kind);
  await Promise.all(some.map(carryOut));
}

/** @param {Duty} duty */
async function carryOut(duty) {
  switch (duty.kind) {
    case 'process': {
      const { record, graceMs, ask = true } = duty;
      if (ask && isRunning(record)) send(-record.pid, 'SIGTERM');
      await hasEnded(record, graceMs);
      // Also what it has started and left.
      if (record.pid > 0) send(-record.pid, 'SIGKILL');
      return;
    }
    case 'server':
      if (isRunning(duty.record)) send(duty.record.pid, duty.signal);
      if (await hasEnded(duty.record, serverGraceMs)) return;
      send(duty.record.pid, 'SIGKILL');
      return;
    case 'remove':
      for (const path of duty.paths) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
}
