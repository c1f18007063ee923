import type { DuePost } from '../contestants/contestant.ts';
import type { ThreeSteps } from './three-steps.ts';

/** A queue as its documentation says to use it, with a worker that does the three steps. */
export interface Baseline {
  name: string;
  /** In the bench's process: whatever the queue needs before its first worker. */
  prepare(env: BaselineEnv): Promise<void>;
  /** In the bench's process, once for each start of the worker. */
  openProducer(env: BaselineEnv): Promise<Producer>;
  /** In a process of its own. Resolves when it takes jobs; the answer stops it. */
  work(env: BaselineEnv, steps: ThreeSteps): Promise<() => Promise<void>>;
}

export interface Producer {
  /** Removes whatever an earlier run has left. */
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
  /** A post that somebody else has claimed is published too: without that a job that runs again does nothing. */
  resend?: boolean;
}
