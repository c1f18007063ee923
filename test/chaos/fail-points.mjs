// @ts-check
// With `node --import` this file, the process kills or pauses itself at the publishing steps that FAIL_POINTS names, for example
// "after-claim=kill@0.02,before-socket=pause:12000@0.01". Random kills from outside almost never hit the instant between a
// commit and the call after it.
import { spawn } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';

const armed = (process.env.FAIL_POINTS ?? '')
  .split(',')
  .filter(Boolean)
  .map((text) => {
    const [, step, act, probability] = /^([a-z-]+)=(kill|pause:\d{1,6})@([\d.]+)$/.exec(text) ?? [];
    if (!step || !act) throw new Error(`FAIL_POINTS has "${text}"`);
    return { step, act, probability: Number(probability) };
  });

subscribe('solospark:publishing-step', (reached) => {
  for (const { step, act, probability } of armed) {
    if (step === reached && Math.random() < probability) carryOut(step, act);
  }
});

/**
 * @param {string} step
 * @param {string} act
 */
function carryOut(step, act) {
  // Written without a buffer, because the process ends or stops right after it.
  writeSync(2, `fail point ${step}: ${act}\n`);
  if (act === 'kill') {
    process.kill(process.pid, 'SIGKILL');
  } else {
    const seconds = Number(act.split(':')[1]) / 1000;
    const wake = ['-c', `sleep ${seconds}; kill -CONT ${process.pid}`];
    spawn('/bin/sh', wake, { detached: true, stdio: 'ignore' }).unref();
    process.kill(process.pid, 'SIGSTOP');
  }
  // The signal takes a moment to arrive; no more code may run until then.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, act === 'kill' ? 10_000 : 50);
}
