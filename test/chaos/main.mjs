// @ts-check
// `npm run chaos`, `npm run chaos:outage`, `npm run chaos:prove`: builds, then runs the TypeScript of this folder, also on Node 20.
import { build } from '../../scripts/lib/build.mjs';
import { runCommand } from '../../scripts/lib/command.mjs';
import { ensureInstalled } from '../../scripts/lib/install.mjs';

const commands = { run: './run.ts', outage: './outage.ts', prove: './prove.ts' };
const [name = 'run', ...args] = /^[a-z]+$/.test(process.argv[2] ?? '')
  ? process.argv.slice(2)
  : ['run', ...process.argv.slice(2)];

await runCommand(async (life) => {
  await ensureInstalled({ quiet: true });
  // With --root another built tree is run, so this one is not built.
  if (!args.includes('--root')) await build({ quiet: true });
  // Imported only now, because it needs the dependencies that `build` installs.
  await import('../support/import-typescript.mjs');
  const path = commands[/** @type {keyof typeof commands} */ (name)];
  if (!path) throw new Error(`There is no "${name}"; there are ${Object.keys(commands).join(', ')}.`);
  const { main } = await import(path);
  return main(args, life);
});
