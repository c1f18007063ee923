// @ts-check
// `npm run db:migrate`, `db:new -- <name>`, `db:status`, `db:seed`, `keys:rotate`. The database is the first one that is set: in the
// environment, in `.env`, or by the stack that `npm start` runs.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runCommand } from './lib/command.mjs';
import { homeOf, readEnvFile, readSettings, repoRoot } from './lib/home.mjs';
import { dim, fail, green, PlainError, red, say, table, yellow } from './lib/report.mjs';

const migrationsDir = join(repoRoot, 'prisma', 'migrations');
/** @type {Record<string, (args: string[]) => Promise<number>>} */
const commands = {
  migrate,
  new: newMigration,
  status,
  seed: () => runProgram('seed.js'),
  'rotate-keys': () => runProgram('rotate-keys.js'),
};
const [command = '', ...args] = process.argv.slice(2);

await runCommand(async () => {
  const run = commands[command];
  if (run === undefined)
    throw new PlainError('Usage: node scripts/db.mjs migrate | new <name> | status | seed | rotate-keys');
  return await run(args);
});

/** Applies pending migrations. */
async function migrate() {
  const { applyMigrations } = await importDb();
  const { url } = findDatabase();
  const applied = await plainly(() => applyMigrations({ url, directory: migrationsDir }));
  for (const name of applied) say(`${green('applied')} ${name}`);
  if (applied.length === 0) say('Nothing to apply: the database is up to date.');
  return 0;
}

/** Lists every migration with its state; exit code 1 unless all are applied. */
async function status() {
  const { readMigrationStates } = await importDb();
  const { url } = findDatabase();
  const states = await plainly(() => readMigrationStates({ url, directory: migrationsDir }));
  say(table([['migration', 'state'], ...states.map(({ name, state }) => [name, state])]));
  const inState = (/** @type {string} */ wanted) => states.filter(({ state }) => state === wanted).length;
  if (inState('unknown') > 0)
    say(yellow('Unknown here: a newer version of SoloSpark has migrated this database.'));
  if (inState('edited') > 0)
    fail('Edited after it was applied: restore the file, and write a new migration.');
  if (inState('failed') > 0) fail('Failed half-way: repair the database, then `prisma migrate resolve`.');
  if (inState('pending') > 0) say(red(`${inState('pending')} pending: run \`npm run db:migrate\`.`));
  return states.every(({ state }) => state === 'applied' || state === 'unknown') ? 0 : 1;
}

/**
 * Writes a new migration with the SQL that leads from the migrations to prisma/schema.prisma. Applies nothing.
 *
 * @param {string[]} args
 */
async function newMigration([title = '']) {
  const slug = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (slug === '') throw new PlainError('Say what it does: npm run db:new -- add_colour_to_channel');
  const db = await importDb();
  const { url } = findDatabase();
  const sql = await plainly(() => withScratchDatabase(db, url, readDifference));
  if (/^\s*(--[^\n]*\s*)*$/.test(sql)) {
    say('Nothing to write: the migrations already lead to prisma/schema.prisma.');
    return 1;
  }
  const name = `${nextStamp()}_${slug}`;
  const file = join(migrationsDir, name, 'migration.sql');
  mkdirSync(join(migrationsDir, name));
  writeFileSync(file, `-- ${title}: say why here.\n\n${sql.trim()}\n`);
  say(`Wrote ${relative(process.cwd(), file)}`);
  say('Read it, and edit it where the data needs more. Then: npm run db:migrate');
  return 0;
}

/**
 * Runs another program of apps/api: it seeds the demo organization, or rotates the keys.
 *
 * @param {string} name
 */
async function runProgram(name) {
  const program = join(repoRoot, 'apps', 'api', 'dist', name);
  if (!existsSync(program)) throw new PlainError('Run `npm run build` first.');
  const { url, env } = findDatabase();
  const { status: code } = spawnSync(process.execPath, [program], {
    cwd: repoRoot,
    env: { ...env, DATABASE_URL: env.DATABASE_URL ?? url },
    stdio: 'inherit',
  });
  return code ?? 1;
}

async function importDb() {
  try {
    return await import('@solospark/db');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new PlainError('The packages are not built. Run `npm run build` first.');
  }
}

/**
 * Both URLs come from one source: a DIRECT_URL in `.env` does not override a DATABASE_URL on the command line.
 *
 * @returns {{ url: string, env: Record<string, string> }} env: all settings, with the same precedence
 */
function findDatabase() {
  const settings = readSettings();
  const stackFile = join(homeOf(settings), 'stack.env');
  const stack = readEnvFile(stackFile);
  const sources = [
    { name: 'the environment', values: process.env },
    { name: '.env', values: readEnvFile(join(repoRoot, '.env')) },
    { name: relative(repoRoot, stackFile), values: stack },
  ];
  for (const { name, values } of sources) {
    const url = values.DIRECT_URL || values.DATABASE_URL;
    if (!url) continue;
    // Printed without the password, which the terminal would keep.
    const { host, pathname } = parse(url, name);
    say(dim(`Database ${host}${pathname}, from ${name}`));
    return { url, env: { ...stack, ...settings } };
  }
  throw new PlainError(
    'No database: start the stack with `npm start` and leave it running, or set DATABASE_URL (and DIRECT_URL, ' +
      'when a pooler stands in front of it) in the environment or in .env.',
  );
}

/**
 * @param {string} url
 * @param {string} source
 */
function parse(url, source) {
  try {
    return new URL(url);
  } catch {
    throw new PlainError(
      `The database's URL from ${source} is not a URL: postgresql://user:password@host:5432/name`,
    );
  }
}

/**
 * Reports errors in one sentence: an unreachable server, or a migration that cannot be applied.
 *
 * @template T
 * @param {() => Promise<T>} work
 */
async function plainly(work) {
  try {
    return await work();
  } catch (error) {
    const { messageOf } = await import('@solospark/foundation');
    throw new PlainError(messageOf(error));
  }
}

/**
 * Runs `work` on a temporary database on the same server, with all migrations applied, and drops it afterwards.
 *
 * @template T
 * @param {Awaited<ReturnType<typeof importDb>>} db
 * @param {string} url
 * @param {(scratchUrl: string) => T} work
 */
async function withScratchDatabase({ applyMigrations, openDatabase }, url, work) {
  const name = `solospark_scratch_${randomBytes(6).toString('hex')}`;
  const scratchUrl = new URL(url);
  scratchUrl.pathname = name;
  const server = openDatabase({ url, maxConnections: 1, statementTimeoutMs: 0 });
  try {
    await server.query(`CREATE DATABASE ${name}`);
    await applyMigrations({ url: scratchUrl.href, directory: migrationsDir });
    return work(scratchUrl.href);
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await server.close();
  }
}

/** @param {string} url */
function readDifference(url) {
  const prisma = join(repoRoot, 'packages', 'db', 'tools', 'prisma.mjs');
  const schema = join(repoRoot, 'prisma', 'schema.prisma');
  const diff = ['migrate', 'diff', '--from-config-datasource', '--to-schema', schema, '--script'];
  const {
    status: code,
    stdout,
    stderr,
  } = spawnSync(process.execPath, [prisma, ...diff], {
    env: { ...process.env, DIRECT_URL: url },
    encoding: 'utf8',
  });
  if (code !== 0 || stdout.trim() === '') throw new Error(`Prisma could not compare them:\n${stderr.trim()}`);
  return stdout;
}

/** The time in UTC; when the newest migration is ahead of this clock, that migration's stamp plus one. */
function nextStamp() {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const newest = readdirSync(migrationsDir)
    .filter((name) => /^\d{14}_/.test(name))
    .sort()
    .at(-1)
    ?.slice(0, 14);
  return newest === undefined || now > newest ? now : String(BigInt(newest) + 1n);
}
