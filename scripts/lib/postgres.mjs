// @ts-check
// Runs a real PostgreSQL on a folder, as a daemon. When its parent is killed, the guard stops it. If it runs nevertheless, the next
// start finds it by its postmaster.pid and uses it.
import {
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guardAgainstOurDeath } from './guard.mjs';
import { freePort } from './ports.mjs';
import { makeDirFor, runProgram } from './postgres-program.mjs';
import { hasEnded, identityOf, isRunning, recordOf, send } from './process-identity.mjs';
import { PlainError } from './report.mjs';

/** @typedef {import('./postgres-program.mjs').Programs} Programs */
/**
 * @typedef {object} Postgres
 * @property {number} port
 * @property {number} pid of the postmaster
 * @property {(database: string) => string} urlOf
 * @property {() => Promise<void>} stop
 */

/** How to stop: `fast` writes a checkpoint; after `immediate`, the next start replays the log. */
const stopSignals = /** @type {const} */ ({ fast: 'SIGINT', immediate: 'SIGQUIT' });
/** @typedef {keyof typeof stopSignals} StopMode */

const user = 'solospark';
const settings = {
  listen_addresses: "'127.0.0.1'",
  // No socket file: the only access is TCP with a password.
  unix_socket_directories: "''",
  max_connections: '200',
  shared_buffers: '128MB',
  timezone: "'UTC'",
  log_timezone: "'UTC'",
};
/** Settings for temporary data. */
export const careless = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * Starts PostgreSQL on `dir`, or uses the one that already runs there.
 *
 * @param {Programs} programs
 * @param {object} options
 * @param {string} options.dir
 * @param {string} options.password
 * @param {number | undefined} [options.port] preferred; another one is used when it is taken
 * @param {Record<string, string>} [options.extra]
 * @param {StopMode} [options.stopMode]
 * @returns {Promise<Postgres>}
 */
export async function startPostgres(programs, options) {
  const { dir, password, port: wantedPort, extra = {}, stopMode = 'fast' } = options;
  const data = join(dir, 'data');
  makeDirFor(programs.account, dir);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(programs, dir, password);
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (made !== programs.major) {
    throw new PlainError(
      `The database in ${dir} was made by PostgreSQL ${made}; this is PostgreSQL ${programs.major}. ` +
        'Delete the folder to start afresh, or move its data over with pg_dump.',
    );
  }
  let running = await findRunning(data, password);
  for (let tries = 0; running === null && tries < 3; tries += 1) {
    const port = await freePort([tries === 0 ? wantedPort : undefined]);
    writeSettings(programs, data, { ...settings, ...extra, port: String(port) });
    keepLogSmall(join(dir, 'server.log'));
    const args = ['-D', data, '-l', join(dir, 'server.log'), '-w', '-t', '120', 'start'];
    const { code, output } = await runProgram(programs, 'pg_ctl', args);
    const pid = postmaster(data)?.pid;
    if (code === 0 && pid !== undefined) running = { pid, port };
    // Another process may have taken the port meanwhile, so try again. For any other reason a new try does not help.
    else if (!tail(join(dir, 'server.log')).includes('could not bind')) {
      throw new PlainError(
        `PostgreSQL did not start:\n${output.trim()}\n${tail(join(dir, 'server.log'))}\nIts log: ${dir}/server.log`,
      );
    }
  }
  if (running === null) throw new PlainError(`PostgreSQL found no free port. Its log: ${dir}/server.log`);
  const { pid, port } = running;
  const record = recordOf(pid);
  const release = guardAgainstOurDeath({ kind: 'server', record, signal: stopSignals[stopMode] });
  return {
    pid,
    port,
    urlOf: (database) => `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    async stop() {
      await stopServer(record, stopMode);
      release();
    },
  };
}

/**
 * Stops the server that runs in the folder, if one does.
 * @param {string} dir
 * @param {StopMode} [mode]
 */
export async function stopPostgres(dir, mode = 'fast') {
  const pid = postmaster(join(dir, 'data'))?.pid;
  if (pid !== undefined && isPostgres(pid)) await stopServer(recordOf(pid), mode);
}

/**
 * Stops it with a signal, as `pg_ctl stop` does, but without files, which may have been removed.
 * @param {import('./process-identity.mjs').ProcessRecord} record of the postmaster
 * @param {StopMode} mode
 */
async function stopServer(record, mode) {
  if (!isRunning(record)) return;
  send(record.pid, stopSignals[mode]);
  if (await hasEnded(record, 30_000)) return;
  send(record.pid, stopSignals.immediate);
  if (await hasEnded(record, 10_000)) return;
  send(record.pid, 'SIGKILL');
  await hasEnded(record, 5_000);
}

/**
 * @param {string} url of any database on the server
 * @param {string} name
 */
export async function ensureDatabase(url, name) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

/**
 * Creates the data folder next to its place and renames it when complete, so that a kill leaves no incomplete one.
 * @param {Programs} programs
 * @param {string} dir
 * @param {string} password
 */
async function initialise(programs, dir, password) {
  for (const name of readdirSync(dir)) {
    if (name.startsWith('new-')) rmSync(join(dir, name), { recursive: true, force: true });
  }
  rmSync(join(dir, 'data'), { recursive: true, force: true });
  const fresh = join(dir, `new-${process.pid}`);
  const passwordFile = join(dir, `new-password-${process.pid}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(programs, passwordFile);
  const { code, output } = await runProgram(programs, 'initdb', [
    `--pgdata=${fresh}`,
    `--username=${user}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ]);
  rmSync(passwordFile, { force: true });
  if (code !== 0) throw new PlainError(`PostgreSQL could not create its folder ${dir}:\n${output.trim()}`);
  writeFileSync(join(fresh, 'postgresql.conf'), "\ninclude = 'solospark.conf'\n", { flag: 'a' });
  writeSettings(programs, fresh, settings);
  renameSync(fresh, join(dir, 'data'));
}

/**
 * @param {Programs} programs
 * @param {string} data
 * @param {Record<string, string>} values
 */
function writeSettings(programs, data, values) {
  const path = join(data, 'solospark.conf');
  const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(path, `# Written at every start.\n${lines.join('')}`, { mode: 0o600 });
  giveTo(programs, path);
}

/**
 * @param {Programs} programs
 * @param {string} path
 */
function giveTo({ account }, path) {
  if (account) chownSync(path, account.uid, account.gid);
}

/** @param {string} data */
function postmaster(data) {
  try {
    const [pid, , , port] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(pid), port: Number(port) };
  } catch {
    return null;
  }
}

/**
 * Finds the server that already runs on this folder. It must accept the folder's password and report the folder as its own. A pid
 * file whose process is not PostgreSQL is left over from a crash, and is removed.
 * @param {string} data
 * @param {string} password
 */
async function findRunning(data, password) {
  // Long enough for a server that is stopping, or recovering from a kill.
  const end = performance.now() + 60_000;
  for (;;) {
    const found = postmaster(data);
    if (found === null) return null;
    if (!isPostgres(found.pid)) {
      rmSync(join(data, 'postmaster.pid'), { force: true });
      return null;
    }
    if (await isServing(data, found.port, password)) return found;
    if (performance.now() > end) {
      throw new PlainError(
        `A PostgreSQL (pid ${found.pid}) holds ${data} and does not answer. End it, then start again.`,
      );
    }
    await delay(250);
  }
}

/**
 * @param {string} data
 * @param {number} port
 * @param {string} password
 */
async function isServing(data, port, password) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query('show data_directory');
    return sameFolder(rows[0]?.data_directory, data);
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * @param {string} one
 * @param {string} other
 */
function sameFolder(one, other) {
  const [a, b] = [statSync(one), statSync(other)];
  return a.ino === b.ino && a.dev === b.dev;
}

/** @param {number} pid */
export function isPostgres(pid) {
  if (identityOf(pid) === null) return false;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres';
  } catch {
    return true;
  }
}

/** @param {string} path */
function keepLogSmall(path) {
  if (existsSync(path) && statSync(path).size > 10_000_000) renameSync(path, `${path}.old`);
}

/** @param {string} path */
function tail(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-8).join('\n') : '';
}
