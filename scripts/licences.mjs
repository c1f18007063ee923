// @ts-check
// `npm run licences`: writes docs/licences.md, from the lockfile (what ships) and from the installed packages (their licences).
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runCommand } from './lib/command.mjs';
import { repoRoot } from './lib/home.mjs';
import { ensureInstalled, pinnedPnpm } from './lib/install.mjs';
import { licenceList } from './lib/licence-list.mjs';
import { PlainError, say } from './lib/report.mjs';

const page = join(repoRoot, 'docs', 'licences.md');
/** Packages whose manifest names no licence, with the one in their LICENSE file. */
const read = new Map([['twitter-text', 'Apache-2.0']]);

await runCommand(async () => {
  await ensureInstalled({ quiet: true });
  const { shippedPackages } = await import('./lib/shipped.mjs');
  const prettier = await import('prettier');
  const shipped = shippedPackages(readFileSync(join(repoRoot, 'pnpm-lock.yaml'), 'utf8'));
  const licences = await installedLicences();
  const listed = shipped.map((each) => ({
    ...each,
    licence: licences.get(`${each.name}@${each.version}`) ?? '',
  }));
  const unknown = listed.filter(({ licence }) => licence === '' || licence === 'Unknown');
  if (unknown.length > 0) {
    const names = unknown.map(({ name, version }) => `${name}@${version}`).join(', ');
    throw new PlainError(
      `No licence is known of: ${names}.\nRun this on Linux with glibc on x64, where they are installed. If one names no licence ` +
        'in its manifest, read its LICENSE and name it in scripts/licences.mjs.',
    );
  }
  const options = await prettier.resolveConfig(page);
  writeFileSync(page, await prettier.format(licenceList(listed), { ...options, filepath: page }));
  say(`docs/licences.md lists ${listed.length} packages.`);
  return 0;
});

/** @returns {Promise<Map<string, string>>} `name@version` → licence */
async function installedLicences() {
  const { stdout } = await promisify(execFile)(
    'npx',
    ['-y', pinnedPnpm, 'licenses', 'list', '--recursive', '--json'],
    { cwd: repoRoot, maxBuffer: 50_000_000 },
  );
  /** @type {Record<string, { name: string, versions: string[], license: string }[]>} */
  const byLicence = JSON.parse(stdout);
  return new Map(
    Object.values(byLicence)
      .flat()
      .flatMap(({ name, versions, license }) =>
        versions.map((version) => /** @type {const} */ ([`${name}@${version}`, read.get(name) ?? license])),
      ),
  );
}
