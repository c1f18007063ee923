import type { Action, Life } from './schedule-posts.ts';

/** What the API showed of a post. */
export interface Snapshot {
  id: string;
  revision: number;
  status: string;
  text: string;
  scheduledAt: string | null;
}

/** `unsent`: the connection was refused. `unknown`: no answer, or a 5xx, so it may have been done. */
export type Outcome = 'done' | 'refused' | 'unknown' | 'unsent';

/** One request and its answer. Times are epoch milliseconds. */
export interface Exchange {
  action: Action;
  text?: string;
  scheduledAt?: string;
  ifMatch?: string;
  api: number;
  sentAt: number;
  endedAt: number;
  outcome: Outcome;
  status: number | null;
  /** The problem's code, or the error of the connection. */
  why?: string;
  snapshot?: Snapshot;
}

export interface PostRecord {
  life: Life;
  postId: string | undefined;
  exchanges: Exchange[];
  timesGiven: Set<string>;
}

export interface Incident {
  kind: string;
  target: string;
  from: number;
  /** Infinity while it lasts. */
  to: number;
}

/** Everything that the run did and saw: the input of the checks. */
export interface Record {
  posts: Map<number, PostRecord>;
  incidents: Incident[];
  /** Processes that ended although the run did not kill them: defects, even when nothing was lost. */
  crashes: string[];
  log(line: string): void;
}

export function createRecord(log: (line: string) => void): Record {
  return { posts: new Map(), incidents: [], crashes: [], log };
}

/** Records an incident for as long as `work` takes. */
export async function during<T>(
  record: Record,
  kind: string,
  target: string,
  work: () => Promise<T>,
): Promise<T> {
  const incident: Incident = { kind, target, from: Date.now(), to: Number.POSITIVE_INFINITY };
  record.incidents.push(incident);
  try {
    return await work();
  } finally {
    incident.to = Date.now();
  }
}

/** The text of a post: unique for each edit, so that a public post shows which edit it is. */
export function textOf(number: number, edit: number): string {
  return `Chaos post ${number} edit ${edit} of this run`;
}

export function readText(text: string): { number: number; edit: number } | undefined {
  const match = /^Chaos post (\d+) edit (\d+) of this run$/.exec(text);
  return match ? { number: Number(match[1]), edit: Number(match[2]) } : undefined;
}
