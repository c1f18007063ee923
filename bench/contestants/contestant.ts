import type { Child } from '../child.ts';

/** One of those that are compared: a worker process, its rows, and a way to set its alarms. */
export interface Contestant {
  name: string;
  /** Starts its worker process with nothing to do, and resolves when it is ready. */
  start(): Promise<Child>;
  /** Writes these posts and sets their alarms; resolves when each one is set. */
  schedule(posts: DuePost[]): Promise<void>;
  /** How many of its posts its own rows call published. */
  countPublished(): Promise<number>;
  stop(): Promise<void>;
}

export interface DuePost {
  number: number;
  dueAt: Date;
}

/** What every contestant is given. */
export interface Conditions {
  /** Public calls at one time. */
  concurrency: number;
  /** How many accounts the posts are spread over. */
  accounts: number;
  platformUrl: string;
  logs: string;
}
