// @ts-check
// `npm run release -- 0.2.0`: see lib/release.mjs.
import { runCommand } from './lib/command.mjs';
import { repoRoot } from './lib/home.mjs';
import { release } from './lib/release.mjs';
import { green, say } from './lib/report.mjs';

await runCommand(async () => {
  const tag = release(repoRoot, process.argv[2] ?? '', new Date().toISOString().slice(0, 10));
  say(green(`${tag} is committed and tagged here. Publish it with: git push --follow-tags`));
  return 0;
});
