import type { Arrival } from '../platform/client.ts';
import type { DuePost } from '../contestants/contestant.ts';
import { percentile } from './statistics.ts';

export interface Lateness {
  p50: number;
  p95: number;
  p99: number;
  max: number;
  /** Posts per second, from the first due time to the last arrival. */
  perSecond: number;
}

/**
 * The lateness of the posts in milliseconds, by the platform's clock.
 * @throws when a post did not arrive, arrived twice, or arrived early: then the figures cannot be compared.
 */
export function latenessOf(name: string, posts: DuePost[], arrivals: Arrival[]): Lateness {
  const dueAt = new Map(posts.map((post) => [post.number, post.dueAt.getTime()]));
  const seen = new Set<number>();
  const late = arrivals.map(({ number, at }) => {
    const due = dueAt.get(number);
    if (due === undefined) throw new Error(`${name} published post ${number}, which was not asked for`);
    if (seen.has(number)) throw new Error(`${name} published post ${number} twice`);
    if (at < due) throw new Error(`${name} published post ${number} ${due - at} ms early`);
    seen.add(number);
    return at - due;
  });
  if (seen.size < dueAt.size)
    throw new Error(`${name} published ${seen.size} of ${dueAt.size} posts in time`);
  const firstDue = Math.min(...dueAt.values());
  const lastAt = arrivals.reduce((last, { at }) => Math.max(last, at), 0);
  return {
    p50: percentile(late, 0.5),
    p95: percentile(late, 0.95),
    p99: percentile(late, 0.99),
    max: percentile(late, 1),
    perSecond: posts.length / ((lastAt - firstDue) / 1000),
  };
}
