// @ts-check
// `npm run bench`: builds, then runs the TypeScript of this folder.
import { build } from '../scripts/lib/build.mjs';
import { runCommand } from '../scripts/lib/command.mjs';
import { ensureInstalled } from '../scripts/lib/install.mjs';

await runCommand(async (life) => {
  const args = process.argv.slice(2);
  await ensureInstalled({ quiet: true });
  // With --root another built tree is run, so this one is not built.
  if (!args.some((arg) => arg === '--root' || arg.startsWith('--root='))) await build({ quiet: true });
  const { transformBench } = await import('./typescript.mjs');
  await transformBench();
  await import('../test/support/import-typescript.mjs');
  const { main } = await import('./run.ts');
  return main(args, life);
});
