// @ts-check
// `node --import` this: the process dies or freezes at the publishing steps that FAIL_POINTS names, such as
// "after-claim=kill@0.02,before-socket=pause:12000@0.01". Random kills from outside hardly ever meet the instant between a
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
  // Unbuffered: the last thing this process says.
  writeSync(2, `fail point ${step}: ${act}\n`);
  if (act === 'kill') {
    process.kill(process.pid, 'SIGKILL');
  } else {
    const seconds = Number(act.split(':')[1]) / 1000;
    const wake = ['-c', `sleep ${seconds}; kill -CONT ${process.pid}`];
    spawn('/bin/sh', wake, { detached: true, stdio: 'ignore' }).unref();
    process.kill(process.pid, 'SIGSTOP');
  }
  // The signal takes a moment to arrive, in which not a line more may run.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, act === 'kill' ? 10_000 : 50);
}
