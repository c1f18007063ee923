import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bold, dim, fail, green, say } from '../../scripts/lib/report.mjs';
import { carryOutFaults } from './carry-out-faults.ts';
import { checkDeliveries } from './check-deliveries.ts';
import { checkPosts } from './check-posts.ts';
import { createClient } from './client.ts';
import { gatherEvidence } from './evidence.ts';
import { readOptions, type ChaosOptions } from './options.ts';
import { waitUntilQuiet } from './quiet.ts';
import { createRandom } from './random.ts';
import { createRecord } from './record.ts';
import { figuresOf, printFigures, printViolation, type Figures } from './report.ts';
import { scheduleFaults } from './schedule-faults.ts';
import { schedulePosts } from './schedule-posts.ts';
import { openStack, PLATFORMS, type ChaosStack } from './stack.ts';
import type { Violation } from './violation.ts';

// `npm run chaos -- --seed N --minutes M`: runs a seeded load with seeded faults, waits for quiet, and checks the invariants.

const SHOWN_VIOLATIONS = 5;
const FIRST_FAULT_MS = 2_000;

export interface Life {
  signal: AbortSignal;
  onClose(close: () => Promise<void> | void): void;
}

export interface Findings {
  violations: Violation[];
  figures: Figures;
}

export async function main(args: string[], life: Life): Promise<number> {
  const findings = await runChaos(readOptions(args), life);
  return findings === undefined ? 130 : findings.violations.length === 0 ? 0 : 1;
}

/** One whole run, with its report; undefined when it was interrupted. `life` closes what it opened. */
export async function runChaos(options: ChaosOptions, life: Life): Promise<Findings | undefined> {
  const logs = options.keep ? resolve(options.keep) : mkdtempSync(join(tmpdir(), 'solospark-chaos-'));
  mkdirSync(logs, { recursive: true });
  const { seed, minutes, engine, workers, apis, rate, mix } = options;
  say(
    bold(`chaos seed ${seed}`) +
      `: ${minutes} min, ${engine} queue, ${workers} workers, ${apis} APIs, ${rate} posts/s, mix ${mix.name}`,
  );
  const record = createRecord((line) => say(dim(`· ${line}`)));
  const stack = await openStack({
    ...options,
    logs,
    record,
    workerExtra: (index) => workerExtraOf(options, index),
  });
  life.onClose(() => stack.close());
  const violations = await carryOut(options, stack, life, record);
  if (life.signal.aborted) return undefined;

  const evidence = await gatherEvidence(stack);
  violations.push(...checkPosts(record, evidence), ...checkDeliveries(record, evidence));
  const figures = figuresOf(record, evidence, violations);
  for (const violation of violations.slice(0, SHOWN_VIOLATIONS)) printViolation(violation, record, evidence);
  printFigures(figures);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ seed, engine, ...figures }, null, 2)}\n`);
  if (violations.length === 0) {
    say(green(`seed ${seed} on ${engine}: every invariant holds`));
    if (!options.keep) life.onClose(() => rmSync(logs, { recursive: true, force: true }));
    return { violations, figures };
  }
  fail(`seed ${seed} on ${engine}: ${violations.length} violations; the logs are in ${logs}`);
  say(`again: npm run chaos -- --seed ${seed} --minutes ${minutes} --engine ${engine} --mix ${mix.name}`);
  return { violations, figures };
}

function workerExtraOf({ mix }: ChaosOptions, worker: number): { [name: string]: string } {
  const failPoints = mix.failPointsInOneWorker && worker > 0 ? '' : mix.failPoints;
  return {
    ...(failPoints ? { FAIL_POINTS: failPoints } : {}),
    ...(mix.skewMs === undefined ? {} : { CHAOS_CLOCK_OFFSET_MS: String(mix.skewMs) }),
  };
}

/** Runs the load and the faults, then waits for quiet. Returns the violations that were seen meanwhile. */
async function carryOut(
  options: ChaosOptions,
  stack: ChaosStack,
  life: Life,
  record: ReturnType<typeof createRecord>,
): Promise<Violation[]> {
  const { mix, minutes } = options;
  const random = createRandom(options.seed);
  const untilMs = minutes * 60_000;
  // Absence on X is proved only after two minutes. A short run stops its faults early, so that it ends soon.
  const faultsUntilMs = minutes <= 1 ? untilMs / 2 : untilMs;
  const { channels } = stack;
  const lives = schedulePosts(random.fork('posts'), mix, { untilMs, rate: options.rate, channels });
  const size = {
    workers: options.workers,
    apis: options.apis,
    servers: stack.servers.length,
    redis: stack.redis !== null,
  };
  const faults =
    options.faults ??
    scheduleFaults(random.fork('faults'), mix, {
      ...size,
      fromMs: FIRST_FAULT_MS,
      untilMs: faultsUntilMs,
    });
  // A platform that refuses duplicates would hide ours. One seed in four still has it, to run the code for that refusal.
  const duplicateWindowMs = options.seed % 4 === 3 ? 600_000 : 0;
  for (const platform of ['x', 'linkedin'])
    await stack.sandbox('POST', '/settings', { platform, duplicateWindowMs });
  const [least, most] = mix.latencyMs;
  for (const platform of PLATFORMS) {
    await stack.sandbox('POST', '/latency', { platform, ms: random.int(least, most) });
  }
  say(dim(`· ${lives.length} posts, ${faults.length} scheduled faults`));

  const startedAt = Date.now();
  const client = createClient({
    ...stack,
    channelIds: stack.channels.map(({ id }) => id),
    random: random.fork('client'),
    record,
  });
  const workerExtra = workerExtraOf(options, 0);
  const stop = new Promise<void>((done) =>
    life.signal.addEventListener('abort', () => done(), { once: true }),
  );
  const loading = Promise.all(
    lives.map(async (post) => {
      await delay(post.atMs);
      if (!life.signal.aborted) await client.live(post);
    }),
  );
  const faulting = carryOutFaults(stack, faults, { startedAt, record, workerExtra }).then(async () => {
    await delay(Math.max(0, startedAt + faultsUntilMs - Date.now()));
    if (!life.signal.aborted && mix.lingerMs === undefined) await calmDown(stack, workerExtra);
    say(dim(`· the faults have stopped after ${Math.round((Date.now() - startedAt) / 1000)} s`));
  });
  await Promise.race([Promise.all([loading, faulting]), stop]);
  if (life.signal.aborted) return [];
  await delay(mix.lingerMs ?? 0, undefined, { signal: life.signal }).catch(() => undefined);

  const timeoutMs = options.quietSeconds * 1_000;
  const quiet = await waitUntilQuiet(stack.db, {
    timeoutMs,
    signal: life.signal,
    say: (line) => say(dim(`· ${line}`)),
  });
  say(dim(`· quiet after ${Math.round(quiet.waitedMs / 1000)} s`));
  return [...quiet.abandoned].map((id) => ({
    kind: 'stuck',
    number: 0,
    deliveryId: id,
    what: `delivery ${id} was left without a holder for more than eight seconds`,
  }));
}

/** Brings everything back to normal: no armed faults, no fail points, correct clocks. */
async function calmDown(stack: ChaosStack, workerExtra: { [name: string]: string }): Promise<void> {
  await stack.sandbox('DELETE', '/faults');
  if (Object.keys(workerExtra).length === 0) return;
  // Staggered: not all at once, and without waiting for the one before, which may be frozen now.
  await Promise.all(
    stack.workers.map((worker, index) => delay(index * 3_000).then(() => worker.restart({}))),
  );
}
