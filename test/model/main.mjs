// @ts-check
// `npm run model`: explores the model of one delivery, and prints what was found.
import { runCommand } from '../../scripts/lib/command.mjs';
import { ensureInstalled } from '../../scripts/lib/install.mjs';

await runCommand(async () => {
  await ensureInstalled({ quiet: true });
  await import('../support/import-typescript.mjs');
  const { main } = await import('./run.ts');
  return main(process.argv.slice(2));
});
