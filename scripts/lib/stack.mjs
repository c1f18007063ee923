// @ts-check
// Starts everything that SoloSpark needs in order, and stops it in reverse order: PostgreSQL, migrations, sandbox, demo organization,
// worker, API. Servers that are set (DATABASE_URL, REDIS_URL, SANDBOX_URL) are used; missing ones are started here.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from './child.mjs';
import { guardAgainstOurDeath, guardRecord } from './guard.mjs';
import { ensureSecrets, envText, homeOf, isOn, keepSecret, makeHome, writePrivate } from './home.mjs';
import { explain, step, warn } from './report.mjs';
import { claimHome, keepPorts, keptPorts } from './running.mjs';
import { seedDemo } from './seed.mjs';
import { migrate, openDatabase } from './stack-database.mjs';
import { choosePorts, joinSettings } from './stack-settings.mjs';

/** @typedef {import('./home.mjs').Env} Env */
/** @typedef {'sandbox' | 'worker' | 'api'} AppName */
/**
 * @typedef {object} StackOptions
 * @property {Env} settings the user's settings
 * @property {string} [home]
 * @property {string} [secretsHome] where the secrets are kept, when not in `home`
 * @property {AppName[]} [apps]
 * @property {import('./stack-database.mjs').Server} [postgres] used by the stack, and stopped with it
 * @property {AbortSignal} signal stops the start between two steps
 * @property {import('./child.mjs').ChildOptions['pauses']} [pauses] the back-off between restarts of a part that keeps ending
 * @property {boolean} [quiet]
 */
/**
 * @typedef {object} RuntimeFacts the content of runtime.json
 * @property {string} apiUrl
 * @property {string} sandboxUrl
 * @property {string} databaseUrl
 * @property {string | null} redisUrl
 * @property {string} organizationId
 * @property {string} apiKey
 * @property {{ id: string, platform: string }[]} channels
 * @property {Record<AppName, number | null>} pids null for an app that does not run here
 */
/** @typedef {{ facts: () => RuntimeFacts, env: Env, home: string, stop: () => Promise<void> }} Stack */

/**
 * Starts the stack. When a step fails, everything that was started is stopped before the error is thrown.
 * @param {StackOptions} options
 * @returns {Promise<Stack>}
 */
export async function startStack(options) {
  /** @type {{ what: string, stop: () => Promise<void> | void }[]} */
  const opened = [];
  /** @type {Promise<void> | null} */
  let stopping = null;
  const stop = () =>
    (stopping ??= (async () => {
      for (const { what, stop: close } of opened.reverse()) {
        await Promise.resolve()
          .then(close)
          .catch((error) => warn(`Stopping ${what}: ${explain(error)}`));
      }
    })());
  try {
    return { ...(await bringUp(options, (what, close) => opened.push({ what, stop: close }))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * @param {StackOptions} options
 * @param {(what: string, stop: () => Promise<void> | void) => void} onOpened
 */
async function bringUp(options, onOpened) {
  const { settings, signal, quiet = false, apps = ['sandbox', 'worker', 'api'] } = options;
  const home = options.home ?? homeOf(settings);
  const secretsHome = options.secretsHome ?? home;
  makeHome(home);
  makeHome(secretsHome);
  const claim = await claimHome(home);
  onOpened('the claim on the home', claim.release);
  const kept = keptPorts(home);
  const ports = await choosePorts(settings, kept, { withApi: apps.includes('api') });
  const secrets = ensureSecrets(secretsHome, settings);

  const database = await openDatabase({
    settings,
    server: options.postgres,
    home,
    password: secrets.postgresPassword,
    port: kept.postgres,
    quiet,
    onOpened,
  });
  signal.throwIfAborted();
  await migrate(database.directUrl, { quiet });
  keepPorts(home, { ...kept, ...defined(ports), ...defined({ postgres: database.port }) });

  const { apiUrl, env: joinEnv } = joinSettings(settings, { home, database, ports });
  const env = { ...settings, ...secrets.forApps, ...joinEnv, SOLOSPARK_HOME: home };
  const seedEnv = { ...env, ...defined({ DEMO_API_KEY: secrets.demoApiKey }) };

  /** @type {Partial<Record<AppName, import('./child.mjs').Child>>} */
  const children = {};
  const graceMs = Number(settings.SHUTDOWN_TIMEOUT_MS ?? 25_000) + 7_000;
  /** @type {Map<AppName, import('./process-identity.mjs').ProcessRecord>} */
  const started = new Map();
  let up = false;
  signal.throwIfAborted();
  const embedded = isOn(settings, 'EMBED_WORKER') && apps.includes('api');
  // Registered before they start, so that they stop in the reverse of this order, whichever is ready first.
  for (const name of /** @type {const} */ (['sandbox', 'worker', 'api'])) {
    onOpened(name, () => children[name]?.stop());
  }
  const demo = await step(`Starting ${apps.join(', ')}`, startAll, { quiet });
  // The key of a temporary database is of no use for the next run.
  if (!options.postgres) keepSecret(secretsHome, 'DEMO_API_KEY', demo.apiKey);

  const notes = ['runtime.json', 'stack.env'].map((name) => join(home, name));
  const releaseNotes = guardAgainstOurDeath({ kind: 'remove', paths: notes });
  onOpened('the notes in the home', () => {
    for (const path of notes) rmSync(path, { force: true });
    releaseNotes();
  });
  writePrivate(join(home, 'stack.env'), envText(joinEnv));
  up = true;
  note();
  return { facts, env, home };

  /** Starts the apps in parallel: they do not need each other, except that the demo's channels need the sandbox. */
  async function startAll() {
    const all = await Promise.allSettled([
      startSandbox().then(() => seedDemo(seedEnv)),
      apps.includes('worker') && !embedded ? start('worker', {}) : undefined,
      apps.includes('api') ? start('api', { PORT: String(ports.api) }) : undefined,
    ]);
    for (const each of all) if (each.status === 'rejected') throw each.reason;
    const [{ value }] = /** @type {[PromiseFulfilledResult<import('./seed.mjs').Seed>]} */ (
      /** @type {unknown} */ (all)
    );
    seedEnv.DEMO_API_KEY = value.apiKey;
    return value;
  }

  async function startSandbox() {
    if (ports.sandbox === undefined) return;
    await start('sandbox', { HOST: '127.0.0.1', PORT: String(ports.sandbox) });
  }

  /** @returns {RuntimeFacts} */
  function facts() {
    const pidOf = (/** @type {AppName} */ name) => children[name]?.record().pid ?? null;
    return {
      apiUrl,
      sandboxUrl: joinEnv.SANDBOX_URL,
      databaseUrl: joinEnv.DATABASE_URL,
      redisUrl: joinEnv.REDIS_URL || null,
      organizationId: demo.organizationId,
      apiKey: demo.apiKey,
      channels: demo.channels,
      pids: { api: pidOf('api'), worker: pidOf(embedded ? 'api' : 'worker'), sandbox: pidOf('sandbox') },
    };
  }

  /** Records the processes that still run for a while when this process is killed. The guard ends last, after the database. */
  function noteLeftovers() {
    const guard = guardRecord();
    claim.note([
      ...[...started.values()].map((record) => ({ ...record, graceMs })),
      ...(guard ? [{ ...guard, graceMs: graceMs + 45_000 }] : []),
    ]);
  }

  function note() {
    if (up) writePrivate(join(home, 'runtime.json'), `${JSON.stringify(facts(), null, 2)}\n`);
  }

  /**
   * @param {AppName} name
   * @param {Env} own
   */
  async function start(name, own) {
    children[name] = await startChild({
      name,
      script: `apps/${name}/bundle/main.js`,
      env: { ...env, ...own },
      logFile: join(home, 'logs', `${name}.log`),
      graceMs,
      onStarted(record) {
        started.set(name, record);
        noteLeftovers();
      },
      onRestarted: note,
      ...defined({ pauses: options.pauses }),
    });
  }
}

/**
 * @template {Record<string, unknown>} T
 * @param {T} values
 */
function defined(values) {
  return /** @type {{ [K in keyof T]: NonNullable<T[K]> }} */ (
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
  );
}
