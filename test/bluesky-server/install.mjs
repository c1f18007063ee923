// @ts-check
// Bluesky's own server, kept in the cache folder of this user: every checkout with the same lock file and Node has it there.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/lib/install.mjs';
import { withLock } from '../../scripts/lib/lock.mjs';
import { PlainError, say, step } from '../../scripts/lib/report.mjs';

const manifests = ['package.json', 'package-lock.json'].map((name) => ({
  name,
  path: fileURLToPath(new URL(name, import.meta.url)),
}));

/** Where the server is, or will be. The compiled part of it is for one version of Node. */
export const serverFolder = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'solospark',
  'bluesky-server',
  `node-${process.version}-${process.platform}-${process.arch}-${hashOf(manifests.map(({ path }) => path))}`,
);

/** Once on this machine; whoever comes meanwhile waits. */
export async function installServer(/** @type {AbortSignal} */ signal) {
  if (existsSync(serverFolder)) return;
  await withLock(
    `${serverFolder}.lock`,
    ({ pid }) => say(`Another command (pid ${pid}) is installing the Bluesky server; waiting for it …`),
    async () => {
      if (existsSync(serverFolder)) return;
      // It gets its name when it is complete and works: what was interrupted is never used, and swept here.
      const part = `${serverFolder}.part`;
      rmSync(part, { recursive: true, force: true, maxRetries: 3 });
      mkdirSync(part, { recursive: true });
      try {
        await fill(part, signal);
        renameSync(part, serverFolder);
      } finally {
        rmSync(part, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  );
}

/** @param {string} folder @param {AbortSignal} signal */
async function fill(folder, signal) {
  for (const { name, path } of manifests) copyFileSync(path, join(folder, name));
  /** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
  const inFolder = async (command, args, env = process.env) => {
    const code = await run(command, args, { cwd: folder, env, quiet: true });
    signal.throwIfAborted();
    if (code !== 0) throw new PlainError(`${command} ${args.join(' ')} ended with ${code}.`);
  };
  await step('Installing the Bluesky server', () =>
    inFolder('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
  );
  await step('Compiling its database', () =>
    inFolder('npm', ['rebuild', 'better-sqlite3', '--build-from-source', '--loglevel=error'], forCompiler()),
  );
  await inFolder(process.execPath, ['-e', `new (require('better-sqlite3'))(':memory:')`]);
}

/**
 * Fifteen seconds of compiling instead of ninety: SQLite is one file of 250,000 lines, whose optimisation the tests would
 * never win back, and in which gcc looks for misleading indentation for longer than it takes to compile it. These flags
 * come after the package's own, so they win.
 */
function forCompiler() {
  const flags = { CFLAGS: '-O0 -Wno-misleading-indentation', CXXFLAGS: '-O0' };
  const prefix = dirname(dirname(process.execPath));
  // Node's headers are mostly installed with it; otherwise node-gyp downloads them.
  const headers = existsSync(join(prefix, 'include/node/node.h')) ? { npm_config_nodedir: prefix } : {};
  return { ...process.env, ...flags, ...headers };
}

/** @param {string[]} paths */
function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path));
  return hash.digest('hex').slice(0, 12);
}
