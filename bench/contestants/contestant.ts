import type { Child } from '../child.ts';

/** One contestant: a worker process, its rows, and a way to set its alarms. */
export interface Contestant {
  name: string;
  /** Starts its worker process without any posts, and resolves when it is ready. */
  start(): Promise<Child>;
  /** Writes these posts and sets their alarms; resolves when all are set. */
  schedule(posts: DuePost[]): Promise<void>;
  /** How many posts are published, by its own rows. */
  countPublished(): Promise<number>;
  stop(): Promise<void>;
}

export interface DuePost {
  number: number;
  dueAt: Date;
}

/** The conditions that are equal for every contestant. */
export interface Conditions {
  /** Public calls at one time. */
  concurrency: number;
  /** How many accounts the posts are spread over. */
  accounts: number;
  platformUrl: string;
  logs: string;
}
