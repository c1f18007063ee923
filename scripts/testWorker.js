// @ts-check
// `node scripts/testWorker.js`: checks that a worker runs and is on time. Adds a `worker-test` job, due in five seconds, to the queue
// of the stack that is running, or that is set, and waits for its result.
const { randomUUID } = require('node:crypto');
const { join } = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');

const dueInMs = 5_000;
const waitMs = 30_000;

async function main() {
  const { homeOf, readEnvFile, readSettings } = await import('./lib/home.mjs');
  const { ensureInstalled } = await import('./lib/install.mjs');
  const { build } = await import('./lib/build.mjs');
  const { bold, fail, green, red, say } = await import('./lib/report.mjs');
  await ensureInstalled({ quiet: true });
  await build({ quiet: true, filter: ['@solospark/queue'] });

  const own = readSettings();
  const home = homeOf(own);
  const settings = { ...readEnvFile(join(home, 'stack.env')), ...own };
  if (!settings.DATABASE_URL && !settings.REDIS_URL) {
    fail(
      `No stack runs from ${home}, and neither DATABASE_URL nor REDIS_URL is set.\n` +
        'Start one in another terminal: npm start',
    );
    return 1;
  }

  const { createLogger } = await import('@solospark/foundation');
  const { createQueues } = await import('@solospark/queue');
  const queues = createQueues({
    redisUrl: settings.REDIS_URL ?? null,
    ...(settings.QUEUE_PREFIX ? { prefix: settings.QUEUE_PREFIX } : {}),
    postgresUrl: settings.DIRECT_URL ?? settings.DATABASE_URL ?? '',
    platforms: [],
    log: createLogger({ name: 'test-worker', level: 'silent' }),
    deadlineMs: 5_000,
  });
  try {
    /** @type {{ job: 'worker-test', id: string }} */
    const job = { job: 'worker-test', id: `worker-test-${randomUUID()}` };
    const runAt = new Date(Date.now() + dueInMs);
    await queues.add([{ ...job, data: { note: 'scripts/testWorker.js' }, runAt }]);
    const where = queues.engine === 'redis' ? 'Redis' : 'PostgreSQL';
    say(`Added a test job to the queue in ${where}: ${bold(job.id)}`);
    say(`A worker should take it at ${runAt.toISOString()}, in ${dueInMs / 1000} seconds. Waiting …`);

    const end = Date.now() + waitMs;
    while (Date.now() < end) {
      const found = await queues.find(job);
      if (found?.state === 'completed') {
        const { worker = 'A worker', lateMs } = /** @type {{ worker?: string, lateMs?: number }} */ (
          found.result ?? {}
        );
        say(green(`It ran on ${worker}, ${lateMs ?? '?'} ms after its time. The worker works.`));
        return 0;
      }
      if (found?.state === 'failed') {
        fail('A worker took it, and it failed there; the log of the worker says why.');
        return 1;
      }
      await delay(250);
    }
    await queues.remove(job);
    say(red(`No worker took it within ${waitMs / 1000} seconds; the job was removed again.`));
    say('Is one running? Start it with `npm start`, `npm run worker`, or');
    say(
      '`pm2 start ecosystem.config.js --only solospark-worker`, with the same DATABASE_URL and REDIS_URL as here.',
    );
    return 1;
  } finally {
    await queues.close();
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
