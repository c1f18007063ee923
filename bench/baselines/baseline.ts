import type { DuePost } from '../contestants/contestant.ts';
import type { ThreeSteps } from './three-steps.ts';

/** A queue, used as its documentation says, with a worker that does the three steps. */
export interface Baseline {
  name: string;
  /** Runs in the bench's process: sets up what the queue needs before its first worker. */
  prepare(env: BaselineEnv): Promise<void>;
  /** Runs in the bench's process, once for each start of the worker. */
  openProducer(env: BaselineEnv): Promise<Producer>;
  /** Runs in its own process. Resolves, when it takes jobs, with a function that stops it. */
  work(env: BaselineEnv, steps: ThreeSteps): Promise<() => Promise<void>>;
}

export interface Producer {
  /** Removes everything that an earlier run has left. */
  clear(): Promise<void>;
  add(posts: DuePost[]): Promise<void>;
  close(): Promise<void>;
}

export interface BaselineEnv {
  databaseUrl: string;
  redisUrl: string;
  poolSize: number;
  concurrency: number;
  platformUrl: string;
  /** Also publishes a post that is claimed already. Without this, a job that runs again does nothing. */
  resend?: boolean;
}
