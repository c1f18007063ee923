import type { Action, Life } from './schedule-posts.ts';

/** What the API showed of a post. */
export interface Snapshot {
  id: string;
  revision: number;
  status: string;
  text: string;
  scheduledAt: string | null;
}

/** `unsent`: refused at the door of a port. `unknown`: no answer, or a 5xx: it may have been done. */
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
  /** The problem's code, or what became of the connection. */
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

/** All that the run saw and did: what the checks go by. */
export interface Record {
  posts: Map<number, PostRecord>;
  incidents: Incident[];
  /** Processes that ended and had not been killed by us: product faults, even where nothing was lost by them. */
  crashes: string[];
  log(line: string): void;
}

export function createRecord(log: (line: string) => void): Record {
  return { posts: new Map(), incidents: [], crashes: [], log };
}

/** Notes an incident for as long as `work` takes. */
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

/** The text of a post: unique for each edit, so that what is public tells which one it is. */
export function textOf(number: number, edit: number): string {
  return `Chaos post ${number} edit ${edit} of this run`;
}

export function readText(text: string): { number: number; edit: number } | undefined {
  const match = /^Chaos post (\d+) edit (\d+) of this run$/.exec(text);
  return match ? { number: Number(match[1]), edit: Number(match[2]) } : undefined;
}
