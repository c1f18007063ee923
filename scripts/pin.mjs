// @ts-check
// `npm run pin`: pins the actions of the workflows and the base images of the Dockerfiles and of compose.yaml. It asks the origins, so
// it needs the internet, git and docker. `npm run pin -- --list` needs none of them, and lists unpinned references.
import { parseArgs } from 'node:util';
import { runCommand } from './lib/command.mjs';
import { repoRoot } from './lib/home.mjs';
import { commitsAt, digestOf, nameOf, pinAll, readReferences } from './lib/pins.mjs';
import { fail, green, say } from './lib/report.mjs';

await runCommand(async () => {
  const { values } = parseArgs({ options: { list: { type: 'boolean', default: false } } });
  if (values.list) return list();
  const { pinned, problems } = await pinAll({
    root: repoRoot,
    commitOf: commitsAt('https://github.com'),
    digestOf,
  });
  for (const line of pinned) say(line);
  for (const line of problems) fail(line);
  if (problems.length === 0) say(green('Everything is pinned.'));
  return problems.length === 0 ? 0 : 1;
});

function list() {
  const open = readReferences(repoRoot).filter(({ pin }) => pin === null);
  for (const reference of open) say(`${reference.file}: ${nameOf(reference)}`);
  say(open.length === 0 ? green('Everything is pinned.') : `${open.length} to pin: npm run pin`);
  return 0;
}
