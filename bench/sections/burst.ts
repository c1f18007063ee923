import { openField, ANSWER_MS } from './contestants.ts';
import { measureRun, type RunResult } from './measure-run.ts';
import { reportBurst } from './report-burst.ts';
import type { Bench, Report } from './section.ts';

const SIZES = [60, 1_000, 10_000];

/** Measures many posts that are due at one instant. */
export async function measureBurst(bench: Bench): Promise<Report> {
  const { options } = bench;
  const field = await openField(bench, 'all');
  const results: RunResult[] = [];
  for (const posts of options.posts ?? SIZES) {
    const offsetsMs = Array.from({ length: posts }, () => 0);
    for (let run = 1; run <= options.runs; run += 1) {
      for (const contestant of field.contestants) {
        bench.signal.throwIfAborted();
        const result = await measureRun(bench, field, contestant, offsetsMs);
        results.push({ ...result, contestant: contestant.name, posts, run });
        const { p50, p95, max, perSecond, memory } = result;
        bench.progress(
          `${posts} due at once, run ${run}, ${contestant.name}: p50 ${p50} ms, p95 ${p95} ms, max ${max} ms, ` +
            `${perSecond.toFixed(0)}/s, peak ${memory.peakMb.toFixed(0)} MB`,
        );
      }
    }
  }
  return reportBurst(results, { answerMs: ANSWER_MS, ...options });
}
