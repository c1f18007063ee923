import { median, ratios, show } from '../measures/statistics.ts';
import type { RunResult } from './measure-run.ts';
import { BASELINE, OURS, verdict, type Report } from './section.ts';

export function reportBurst(
  results: RunResult[],
  conditions: { answerMs: number; concurrency: number; engine: string },
): Report {
  const rows: string[][] = [];
  for (const posts of new Set(results.map((result) => result.posts))) {
    const limitMs = Math.ceil(posts / conditions.concurrency) * conditions.answerMs;
    const of = (contestant: string) =>
      results.filter((result) => result.posts === posts && result.contestant === contestant);
    const baseline = of(BASELINE);
    for (const contestant of new Set(results.map((result) => result.contestant))) {
      const own = of(contestant);
      const p95Ratios = ratios(p95s(own), p95s(baseline));
      const rateRatios = ratios(rates(own), rates(baseline));
      rows.push([
        String(posts),
        contestant,
        show(own.map(({ p50 }) => p50)),
        show(p95s(own)),
        show(own.map(({ max }) => max)),
        show(rates(own)),
        baseline.length === 0 ? '' : show(p95Ratios, 2),
        baseline.length === 0 ? '' : show(rateRatios, 2),
        `${limitMs} ms, ${Math.round((posts / limitMs) * 1000)}/s`,
        show(own.map(({ memory }) => memory.peakMb)),
        contestant === OURS ? targetOf(posts, conditions.engine, own, baseline) : '',
      ]);
    }
  }
  return {
    title: 'Burst: posts due at one instant',
    head: [
      ...['posts', 'contestant', 'p50 ms', 'p95 ms', 'max ms', 'per second'],
      ...['p95 ÷ plain', 'rate ÷ plain', 'limit', 'peak RSS MB', 'target'],
    ],
    rows,
    notes: [
      `The platform answers in ${conditions.answerMs} ms; the limit is posts × ${conditions.answerMs} ms ÷ ${conditions.concurrency}.`,
      'Lateness is arrival at the platform minus due time; every post arrived exactly once.',
    ],
    raw: results,
  };
}

function targetOf(posts: number, engine: string, own: RunResult[], baseline: RunResult[]): string {
  const verdicts: string[] = [];
  const [p95, rate] = [median(p95s(own)), median(rates(own))];
  if (engine === 'postgres') {
    if (posts === 1_000) verdicts.push(verdict('p95 < 3 s', p95 < 3_000));
  } else if (baseline.length > 0) {
    const plainRate = median(rates(baseline));
    if (posts === 1_000)
      verdicts.push(verdict('p95 ≤ 1.0 × plain', median(ratios(p95s(own), p95s(baseline))) <= 1));
    if (posts === 10_000) {
      const least = Math.max(500, plainRate);
      verdicts.push(verdict(`≥ ${least.toFixed(0)}/s`, rate >= least));
    }
  }
  if (posts >= 1_000)
    verdicts.push(
      verdict(
        'RSS < 200 MB',
        own.every(({ memory }) => memory.peakMb < 200),
      ),
    );
  return verdicts.join('; ');
}

const p95s = (results: RunResult[]) => results.map(({ p95 }) => p95);
const rates = (results: RunResult[]) => results.map(({ perSecond }) => perSecond);
