import { ConfigError } from '@solospark/foundation';
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { Type } from 'typebox';

// Named points between the publishing steps, at which a chaos run lets this very process die or freeze: random kills
// from outside hardly ever meet the instant between a commit and the call after it. Unset, a point is an empty function.

const names = [
  'after-fire',
  'after-claim',
  'before-sending',
  'after-sending',
  'before-socket',
  'after-answer',
  'after-lookup',
  'before-settle',
  'after-settle',
] as const;

export type FailPoint = (typeof names)[number];

const one = `(${names.join('|')})=(kill|pause:\\d{1,6})@(0?\\.\\d{1,9}|0|1)`;

export const failPointsEnv = {
  FAIL_POINTS: Type.Optional(
    Type.String({
      pattern: `^${one}(,${one})*$`,
      description: 'for chaos tests only, such as "after-claim=kill@0.02,before-socket=pause:12000@0.01"',
    }),
  ),
  NODE_ENV: Type.Optional(Type.String()),
};

let strike: (point: FailPoint) => void = () => undefined;

/** Passes a named point. */
export function failPoint(point: FailPoint): void {
  strike(point);
}

/**
 * Arms what `FAIL_POINTS` names, for the life of this process.
 * @throws ConfigError in production.
 */
export function armFailPoints(env: { FAIL_POINTS?: string; NODE_ENV?: string }): void {
  if (env.FAIL_POINTS === undefined) return;
  if (env.NODE_ENV === 'production') {
    throw new ConfigError(['FAIL_POINTS kills this process on purpose; NODE_ENV=production refuses it']);
  }
  const armed = [...env.FAIL_POINTS.matchAll(new RegExp(one, 'g'))].map(
    ([, point, act = '', probability]) => ({ point, act, probability: Number(probability) }),
  );
  strike = (point) => {
    for (const { act, probability } of armed.filter((each) => each.point === point)) {
      if (Math.random() < probability) carryOut(point, act);
    }
  };
}

function carryOut(point: FailPoint, act: string): void {
  // Unbuffered: the last thing this process says.
  writeSync(2, `fail point ${point}: ${act}\n`);
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
