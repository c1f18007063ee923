// @ts-check
// Installs Bluesky's own server, compiled for this version of Node.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from '../../scripts/lib/report.mjs';
import { asideFolder } from '../support/install-aside.mjs';

const { folder, install } = asideFolder({
  name: 'bluesky-server',
  what: 'the Bluesky server',
  manifests: ['package.json', 'package-lock.json'].map((name) => ({
    name,
    path: fileURLToPath(new URL(name, import.meta.url)),
  })),
});

/** The folder of the server, which may not exist yet. */
export const serverFolder = folder;

export const installServer = (/** @type {AbortSignal} */ signal) =>
  install(signal, async (inFolder) => {
    await step('Installing the Bluesky server', () =>
      inFolder('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
    );
    await step('Compiling its database', () =>
      inFolder(
        'npm',
        ['rebuild', 'better-sqlite3', '--build-from-source', '--loglevel=error'],
        forCompiler(),
      ),
    );
    await inFolder(process.execPath, ['-e', `new (require('better-sqlite3'))(':memory:')`]);
  });

/**
 * Compiler flags that reduce the compile time from ninety seconds to fifteen. SQLite is one file of 250,000 lines: optimising it
 * costs more than the tests gain, and gcc's check for misleading indentation takes longer than the compilation. These flags come
 * after the package's own, so they take effect.
 */
function forCompiler() {
  const flags = { CFLAGS: '-O0 -Wno-misleading-indentation', CXXFLAGS: '-O0' };
  const prefix = dirname(dirname(process.execPath));
  // Node's headers are usually installed with Node; otherwise node-gyp downloads them.
  const headers = existsSync(join(prefix, 'include/node/node.h')) ? { npm_config_nodedir: prefix } : {};
  return { ...process.env, ...flags, ...headers };
}
