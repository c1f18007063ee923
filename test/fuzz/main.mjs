// @ts-check
// `npm run fuzz`, `npm run hostile`, `npm run growth`: builds, then runs their TypeScript, also on Node 20.
import { build } from '../../scripts/lib/build.mjs';
import { runCommand } from '../../scripts/lib/command.mjs';
import { ensureInstalled } from '../../scripts/lib/install.mjs';

const commands = { fuzz: './run.ts', hostile: './hostile.ts', growth: '../growth/run.ts' };
const [name = '', ...args] = process.argv.slice(2);

await runCommand(async ({ signal, onClose }) => {
  await ensureInstalled({ quiet: true });
  if (!args.includes('--built')) await build({ quiet: true });
  // Imported only now, because it needs the dependencies that `build` installs.
  await import('../support/import-typescript.mjs');
  const path = commands[/** @type {keyof typeof commands} */ (name)];
  if (!path) throw new Error(`There is no "${name}"; there are ${Object.keys(commands).join(', ')}.`);
  if (name !== 'growth') {
    const { startThrowAwayPostgres } = await import('../../scripts/lib/throw-away-postgres.mjs');
    const { makeTemplate, templateDatabase } = await import('../../scripts/lib/template-database.mjs');
    const postgres = await startThrowAwayPostgres();
    onClose(postgres.stop);
    await makeTemplate(postgres.urlOf);
    process.env.TEST_DATABASE_URL = postgres.urlOf('postgres');
    process.env.TEST_TEMPLATE_DATABASE = templateDatabase;
  }
  const { main } = await import(path);
  return main(
    args.filter((arg) => arg !== '--built'),
    { signal, onClose },
  );
});
