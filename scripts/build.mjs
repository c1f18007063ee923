// @ts-check
// `npm run build`
import { build } from './lib/build.mjs';
import { runCommand } from './lib/command.mjs';
import { ensureInstalled } from './lib/install.mjs';

await runCommand(async () => {
  await ensureInstalled();
  await build();
  return 0;
});
