import type { FastifyRequest } from 'fastify';
import type { Step } from '../steps.ts';
import type { ArmedFault, OutcomeFault } from '../world/faults.ts';
import type { Answer, Refusals } from './platform.ts';

/** Stands for a connection that is closed without any answer. */
export const dropped = Symbol('dropped');

export interface Scene {
  fault: ArmedFault;
  step: Step;
  request: FastifyRequest;
  now: number;
  refusals: Refusals;
  /** Runs the handler, and returns its answer. */
  commit: () => Promise<Answer>;
  wait: (ms: number) => Promise<void>;
  giveBack: () => void;
}

type Play = (scene: Scene) => Promise<Answer | typeof dropped>;

/** How each outcome fault is played, before or after the commit. */
export const faultPlays: Record<OutcomeFault, Play> = {
  'drop-before-commit': async () => dropped,
  'hang-before-commit': async ({ wait, fault, refusals }) => {
    await wait(fault.ms);
    return refusals.serverError(504);
  },
  '5xx-before-commit': async ({ fault, refusals }) => refusals.serverError(fault.status),
  'rate-limited': async ({ fault, refusals, now }) =>
    refusals.rateLimited({ retryAfterSeconds: fault.retryAfterSeconds, now }),
  'rate-limited-bare': async () => bareTooManyRequests,
  'expired-token': async ({ refusals }) => refusals.expiredToken(),
  rejected: async ({ refusals, step, request }) => refusals.rejected(step, request),

  'commit-then-drop': (scene) => afterCommit(scene, async () => dropped),
  'commit-then-5xx': (scene) =>
    afterCommit(scene, async () => scene.refusals.serverError(scene.fault.status)),
  'commit-then-refused': (scene) =>
    afterCommit(scene, async (answer) => scene.refusals.refusedButDone?.() ?? answer),
  'commit-then-hang': (scene) =>
    afterCommit(scene, async (answer) => {
      await scene.wait(scene.fault.ms);
      return answer;
    }),
  'truncated-body': (scene) =>
    afterCommit(scene, async (answer) => {
      const whole = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      return {
        status: answer.status,
        headers: { 'content-type': 'application/json; charset=utf-8', ...answer.headers },
        body: whole.slice(0, Math.ceil(whole.length / 2)),
      };
    }),
};

/** A 429 of a proxy in front of the platform: no header with a time to retry, and no JSON. */
const bareTooManyRequests: Answer = {
  status: 429,
  headers: { 'content-type': 'text/html' },
  body: '<html><head><title>429 Too Many Requests</title></head><body><h1>429 Too Many Requests</h1></body></html>',
  fromProxy: true,
};

/** Plays a fault after the commit. A refused call commits nothing, so the fault is kept for a later call. */
async function afterCommit(
  scene: Scene,
  play: (answer: Answer) => Promise<Answer | typeof dropped>,
): Promise<Answer | typeof dropped> {
  const answer = await scene.commit();
  const spoilable =
    answer.status < 300 && (scene.fault.fault !== 'truncated-body' || answer.body !== undefined);
  if (spoilable) return play(answer);
  scene.giveBack();
  return answer;
}
