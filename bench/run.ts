import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bold, dim, explain, fail, say } from '../scripts/lib/report.mjs';
import { readOptions, type BenchOptions, type Section } from './options.ts';
import { openServers } from './servers.ts';
import { measureBurst } from './sections/burst.ts';
import { measureCosts } from './sections/cost.ts';
import { measureHttp } from './sections/http.ts';
import { measureRecovery } from './sections/recovery.ts';
import { measureSpread } from './sections/spread.ts';
import { table } from './measures/table.ts';
import type { Bench, Report } from './sections/section.ts';

// `npm run bench`: each section measures us and the baselines alternately, on the same servers.

interface Life {
  signal: AbortSignal;
  onClose(close: () => Promise<void> | void): void;
}

const sections: { [Name in Section]: (bench: Bench) => Promise<Report> } = {
  burst: measureBurst,
  spread: measureSpread,
  http: measureHttp,
  cost: measureCosts,
  recovery: measureRecovery,
};

export async function main(args: string[], life: Life): Promise<number> {
  const options = readOptions(args);
  const logs = options.keep ?? mkdtempSync(join(tmpdir(), 'solospark-bench-'));
  mkdirSync(logs, { recursive: true });
  if (!options.keep) life.onClose(() => rmSync(logs, { recursive: true, force: true }));
  say(bold('bench') + `: ${conditionsOf(options)}`);

  const reports: Report[] = [];
  let failed = false;
  for (const name of options.sections) {
    if (life.signal.aborted) break;
    try {
      const report = await measure(name, { options, logs, signal: life.signal }, life);
      reports.push(report);
      say(`\n${bold(report.title)}\n\n${table(report.head, report.rows)}\n\n${report.notes.join('\n')}\n`);
    } catch (error) {
      if (life.signal.aborted) break;
      // Continue: the other sections are still valid.
      failed = true;
      fail(`${name}: ${explain(error)}`);
    }
  }
  if (options.json) {
    const content = { conditions: conditionsOf(options), measuredAt: new Date().toISOString(), reports };
    writeFileSync(options.json, `${JSON.stringify(content, null, 2)}\n`);
  }
  return life.signal.aborted ? 130 : failed ? 1 : 0;
}

/** Runs a section on its own servers, so that it is not affected by the section before. */
async function measure(
  name: Section,
  given: Pick<Bench, 'options' | 'logs' | 'signal'>,
  life: Life,
): Promise<Report> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  life.onClose(close);
  try {
    const servers = await openServers({ durable: given.options.fsync });
    closers.push(() => servers.close());
    return await sections[name]({
      ...given,
      servers,
      onClose: (end) => void closers.push(end),
      progress: (line) => say(dim(`· ${line}`)),
    });
  } finally {
    await close();
  }
}

function conditionsOf({ engine, runs, concurrency, fsync }: BenchOptions): string {
  const [cpu] = cpus();
  return (
    `our queue on ${engine}, ${runs} runs each by turns, concurrency ${concurrency}, fsync ${fsync ? 'on' : 'off'}, Node ${process.version}, ` +
    `${cpus().length} × ${cpu?.model.trim()}`
  );
}
