// @ts-check
// The home of a copy of SoloSpark on this machine, its settings and its secrets.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { PlainError } from './report.mjs';

/** The checkout. All relative paths are relative to it, wherever a command was started. */
export const repoRoot = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** @typedef {Record<string, string>} Env */

/**
 * The settings: the process's environment, then `.env`. White space around a value is ignored, and an empty variable counts as
 * unset, as in the apps.
 * @returns {Env}
 */
export function readSettings() {
  return { ...readEnvFile(join(repoRoot, '.env')), ...withoutEmpty(process.env) };
}

/**
 * A boolean setting, read as the apps read it.
 * @param {Env} settings
 * @param {'EMBED_WORKER' | 'USE_MOCK_DB'} name
 */
export function isOn(settings, name) {
  const value = settings[name] ?? 'false';
  if (value !== 'true' && value !== 'false')
    throw new PlainError(`${name} is "${value}"; it must be true or false.`);
  return value === 'true';
}

/** @param {Env} settings */
export function homeOf(settings) {
  return resolve(repoRoot, settings.SOLOSPARK_HOME ?? '.solospark');
}

/**
 * Makes the folder. Root's folder can be traversed, because the account that runs PostgreSQL has to reach its data; secrets in it
 * are files of mode 0600.
 * @param {string} home
 */
export function makeHome(home) {
  mkdirSync(join(home, 'logs'), { recursive: true });
  chmodSync(home, process.getuid?.() === 0 ? 0o711 : 0o700);
}

/**
 * The secrets of this home, made on the first run. Secrets among the settings win, and are not copied here.
 * @param {string} home
 * @param {Env} settings
 */
export function ensureSecrets(home, settings) {
  const path = join(home, 'secrets.env');
  const kept = readEnvFile(path);
  const {
    SEALING_KEYS = `k1:${randomBytes(32).toString('base64')}`,
    MEDIA_SIGNING_KEY = randomBytes(32).toString('base64url'),
    BETTER_AUTH_SECRET = randomBytes(32).toString('base64url'),
    POSTGRES_PASSWORD = randomBytes(24).toString('base64url'),
    DEMO_API_KEY,
  } = kept;
  const apps = { SEALING_KEYS, MEDIA_SIGNING_KEY, BETTER_AUTH_SECRET };
  if (Object.keys(kept).length < 4) writePrivate(path, envText({ ...kept, ...apps, POSTGRES_PASSWORD }));
  return {
    forApps: { ...apps, ...pick(settings, Object.keys(apps)) },
    postgresPassword: POSTGRES_PASSWORD,
    demoApiKey: DEMO_API_KEY,
  };
}

/**
 * Stores one more secret, for example the demo organization's key.
 * @param {string} home
 * @param {string} name
 * @param {string} value
 */
export function keepSecret(home, name, value) {
  const path = join(home, 'secrets.env');
  const kept = readEnvFile(path);
  if (kept[name] === value) return;
  writePrivate(path, envText({ ...kept, [name]: value }));
}

/**
 * Writes a file atomically that only its owner can read.
 * @param {string} path
 * @param {string} text
 */
export function writePrivate(path, text) {
  const part = `${path}.${process.pid}.part`;
  rmSync(part, { force: true });
  writeFileSync(part, text, { mode: 0o600 });
  renameSync(part, path);
}

/** @param {Env} values */
export function envText(values) {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${value}"\n`)
    .join('');
}

/**
 * @param {string} path
 * @returns {Env}
 */
export function readEnvFile(path) {
  return existsSync(path) ? withoutEmpty(parseEnv(readFileSync(path, 'utf8'))) : {};
}

/**
 * @param {Record<string, string | undefined>} env
 * @returns {Env}
 */
function withoutEmpty(env) {
  /** @type {Env} */
  const set = {};
  for (const [name, value] of Object.entries(env)) {
    const text = value?.trim();
    if (text) set[name] = text;
  }
  return set;
}

/**
 * @param {Env} env
 * @param {string[]} names
 * @returns {Env}
 */
function pick(env, names) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => names.includes(name)));
}
