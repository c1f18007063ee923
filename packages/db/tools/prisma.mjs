// Runs the Prisma CLI from this package, with the WebAssembly schema engine when no native one is installed:
//   node packages/db/tools/prisma.mjs generate
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const cli = require.resolve('prisma/build/index.js');

/** The install script of @prisma/engines puts a downloaded engine beside its package.json. */
function hasNativeEngine() {
  const engines = dirname(createRequire(cli).resolve('@prisma/engines/package.json'));
  return readdirSync(engines).some((name) => name.startsWith('schema-engine-'));
}

const env = { ...process.env };
if (!env.PRISMA_SCHEMA_ENGINE_BINARY && !hasNativeEngine()) {
  env.PRISMA_SCHEMA_ENGINE_BINARY = join(import.meta.dirname, 'schema-engine.mjs');
}
const [command = ''] = process.argv.slice(2);
if (env.PRISMA_SCHEMA_ENGINE_BINARY && ['migrate', 'db'].includes(command)) {
  // When its engine does not start, the CLI does nothing and still exits with code 0.
  const { status, error } = spawnSync(env.PRISMA_SCHEMA_ENGINE_BINARY, ['--version'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
// No check for newer versions of the CLI.
env.PRISMA_HIDE_UPDATE_MESSAGE ??= '1';
env.CHECKPOINT_DISABLE ??= '1';

const { status, error } = spawnSync(process.execPath, [cli, ...process.argv.slice(2)], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env,
  stdio: 'inherit',
});
if (error) throw error;
process.exitCode = status ?? 1;
