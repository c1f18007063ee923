import { parseArgs } from 'node:util';
import { bold, fail, green, say } from '../../scripts/lib/report.mjs';
import { readOptions } from './options.ts';
import { runChaos, type Life } from './run.ts';

// `npm run chaos:outage -- --minutes 5`: stops Redis for so long under a steady load, then starts it again empty.

const BEFORE_MS = 20_000;
const AFTER_MS = 40_000;

export async function main(args: string[], life: Life): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '5' },
    },
  });
  const forMs = Number(values.minutes) * 60_000;
  const minutes = String((BEFORE_MS + forMs + AFTER_MS) / 60_000);
  const options = readOptions([
    '--mix',
    'nothing',
    '--minutes',
    minutes,
    '--seed',
    values.seed,
    '--rate',
    values.rate,
  ]);
  say(bold(`Redis is stopped for ${values.minutes} minutes, and comes back empty`));
  const findings = await runChaos(
    { ...options, faults: [{ atMs: BEFORE_MS, kind: 'empty-redis', target: 'redis', index: 0, forMs }] },
    life,
  );
  if (!findings) return 130;
  const { figures, violations } = findings;
  const answers = Object.values(figures.requests).flatMap((byAnswer) => Object.entries(byAnswer));
  const total = answers.reduce((sum, [, n]) => sum + n, 0);
  const failed = answers.reduce((sum, [answer, n]) => sum + (/^[1-4]\d\d$/.test(answer) ? 0 : n), 0);
  const late = figures.lateness.all.over5s;
  say('');
  say(
    `${total} requests, ${failed} failed; the slowest answer took ${figures.slowestAnswerMs} ms; ` +
      `${figures.deliveries} deliveries, ${late} later than 5 s; ${figures.violations['doubled'] ?? 0} doubled`,
  );
  if (failed + late + violations.length === 0) {
    say(green('The outage of Redis had no visible effect'));
    return 0;
  }
  fail('The outage of Redis had a visible effect');
  return 1;
}
