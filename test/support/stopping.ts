import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../../scripts/lib/home.mjs';
import { eventually } from './app.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { processesOf } from './folder-processes.ts';

// A supervisor, a script or a person may stop `npm run …` with any signal, sent to npm or to npm's child, SIGKILL included. No
// process may be left, and the database has to shut down cleanly.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const;
const TARGETS = ['npm', "npm's child"] as const;
/** Every signal to every target. */
const ALL_ROWS = SIGNALS.flatMap((signal) => TARGETS.map((target) => ({ signal, target })));
/** The default of SHUTDOWN_TIMEOUT_MS: how long a process may take to stop. */
const SHUTDOWN_MS = 25_000;

/** What each command prints once it runs. */
const COMMANDS = {
  start: 'SoloSpark is running',
  demo: 'due at',
  worker: 'publishing started',
  'worker:dev': 'publishing started',
};
export type CommandName = keyof typeof COMMANDS;

let folder: string;
let database: TestDatabase;

const homeOf = (name: CommandName) => join(folder, name.replace(':', '-'));

function environmentOf(name: CommandName): Record<string, string> {
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    TMPDIR: join(folder, 'tmp'),
    SOLOSPARK_HOME: homeOf(name),
    PORT: '0',
  };
  if (name === 'worker:dev') return { ...base, USE_MOCK_DB: 'true' };
  if (name !== 'worker') return base;
  return {
    ...base,
    DATABASE_URL: database.url,
    PUBLIC_URL: 'http://127.0.0.1:1',
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    MEDIA_SIGNING_KEY: randomBytes(32).toString('hex'),
    MEDIA_DIR: join(homeOf(name), 'media'),
  };
}

/** Starts a command as a shell with job control does, in its own process group. Resolves when it runs. */
async function startCommand(name: CommandName, program = 'npm', args = ['run', name]) {
  const child = spawn(program, args, {
    cwd: repoRoot,
    env: environmentOf(name),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)));
  await eventually(
    () => Promise.resolve(output),
    (text) => text.includes(COMMANDS[name]) || child.exitCode !== null,
    `npm run ${name} runs`,
    120_000,
  );
  expect(output).toContain(COMMANDS[name]);
  return { pid: child.pid ?? 0, output: () => output };
}

/** The one child of npm: a shell, or the command that replaced the shell by exec. */
function childOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  expect(children).toHaveLength(1);
  return children[0] ?? 0;
}

async function expectNothingLeft(since: number, output: () => string) {
  const left = await eventually(
    () => Promise.resolve(processesOf(folder)),
    (processes) => processes.length === 0 || performance.now() - since > SHUTDOWN_MS,
    'all processes have ended',
  );
  expect({ left, output: left.length > 0 ? output().slice(-1_000) : '' }).toEqual({ left: [], output: '' });
}

/** Declares the tests for these commands: each signal to npm, and to npm's child. */
export function describeStopping(names: CommandName[], rows = ALL_ROWS): void {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'solospark-stopping-'));
    // As root, PostgreSQL runs as another user, who has to be able to enter the folder.
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'tmp'), { mode: 0o755 });
    database = await createTestDatabase();
  }, 60_000);
  afterEach(() => {
    for (const line of processesOf(folder)) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
  });
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(names)('npm run %s', (name) => {
    it.each(rows)(
      '$signal to $target stops every process cleanly within the shutdown time',
      async ({ signal, target }) => {
        const { pid, output } = await startCommand(name);
        const since = performance.now();
        process.kill(target === 'npm' ? pid : childOf(pid), signal);
        await expectNothingLeft(since, output);

        const home = homeOf(name);
        for (const note of ['stack.env', 'runtime.json']) expect(existsSync(join(home, note))).toBe(false);
        if (name !== 'start') return;
        expect(readFileSync(join(home, 'postgres', 'server.log'), 'utf8')).toMatch(/system is shut down\n$/);
      },
      180_000,
    );
  });
}
