import { median, ratios, show } from '../measures/statistics.ts';
import { openField } from './contestants.ts';
import { measureRun, type RunResult } from './measure-run.ts';
import { BASELINE, OURS, verdict, type Bench, type Report } from './section.ts';

const PER_SECOND = 50;
const SECONDS = 60;
const TARGET_MS = 150;

/** Measures a steady load: fifty posts per second for a minute. */
export async function measureSpread(bench: Bench): Promise<Report> {
  const { options } = bench;
  const field = await openField(bench, 'plain');
  const posts = options.posts?.[0] ?? PER_SECOND * SECONDS;
  const offsetsMs = Array.from({ length: posts }, (_, index) => (index * 1_000) / PER_SECOND);
  const results: RunResult[] = [];
  for (let run = 1; run <= options.runs; run += 1) {
    for (const contestant of field.contestants) {
      bench.signal.throwIfAborted();
      const result = await measureRun(bench, field, contestant, offsetsMs);
      results.push({ ...result, contestant: contestant.name, posts, run });
      bench.progress(
        `spread, run ${run}, ${contestant.name}: p50 ${result.p50} ms, p99 ${result.p99} ms, max ${result.max} ms`,
      );
    }
  }

  const of = (contestant: string) => results.filter((result) => result.contestant === contestant);
  const p99s = (own: RunResult[]) => own.map(({ p99 }) => p99);
  const rows = field.contestants.map(({ name }) => {
    const own = of(name);
    const met = median(p99s(own)) < TARGET_MS && own.every(({ memory }) => memory.peakMb < 200);
    return [
      name,
      show(own.map(({ p50 }) => p50)),
      show(p99s(own)),
      show(own.map(({ max }) => max)),
      of(BASELINE).length === 0 ? '' : show(ratios(p99s(own), p99s(of(BASELINE))), 2),
      show(own.map(({ memory }) => memory.peakMb)),
      name === OURS ? verdict(`p99 < ${TARGET_MS} ms, RSS < 200 MB`, met) : '',
    ];
  });
  return {
    title: `Spread: ${posts} posts, ${PER_SECOND} a second`,
    head: ['contestant', 'p50 ms', 'p99 ms', 'max ms', 'p99 ÷ plain', 'peak RSS MB', 'target'],
    rows,
    notes: ['Lateness is arrival at the platform minus due time; every post arrived exactly once.'],
    raw: results,
  };
}
