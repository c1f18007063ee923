// @ts-check
// The guard process (see guard.mjs): waits until its parent has ended, and then carries out the remaining duties.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { hasEnded, isRunning, send } from './process-identity.mjs';

// Signals are ignored: the guard ends by itself when the command has ended.
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
      // Also the children that it has left behind.
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
