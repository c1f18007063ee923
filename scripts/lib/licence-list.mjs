// @ts-check
// The text of docs/licences.md: the third-party packages that ship, each with its licence. The facts come from the lockfile and from
// the installed packages.
import { PlainError } from './report.mjs';

/** @typedef {import('./shipped.mjs').Shipped & { licence: string }} Licensed */

/** Licences with obligations beyond keeping their text. */
const asking = /GPL|MPL|EPL|CDDL|CC-BY|SSPL|BUSL/;

/** Their obligations, by package. A package with such a licence but without a note is an error: see `notesFor`. */
const notes = [
  {
    packages: ['pm2'],
    text: `**PM2** (AGPL-3.0) starts the worker in its image, as a program of its own: SoloSpark's code does not import it, and is not under
  its licence. If you only run it, unchanged, it asks nothing of you. If you give the worker's image to others, pass on PM2's licence
  and its source (its npm package is its source). If you change PM2 and people use it over a network, offer them your changed source.
  You need no PM2: \`node apps/worker/bundle/main.js\` under systemd, Docker or another supervisor does the same.`,
  },
  {
    packages: ['@img/sharp-libvips-linux-x64'],
    text: `**libvips** (LGPL-3.0-or-later) comes with sharp as a shared library. If you give an image to others, pass on its licence, and let
  them replace the library; it is a file of its own, so they can.`,
  },
  {
    packages: ['libheif-js'],
    text: `**libheif-js** (LGPL-3.0) is libheif and libde265 in WebAssembly. If you give an image to others, pass on its licence, and let
  them replace it; it is a package of its own in \`node_modules\`, so they can.`,
  },
  {
    packages: ['mediabunny', 'elkjs'],
    text: `**mediabunny** (MPL-2.0) and **elkjs** (EPL-2.0): if you change their files and give them to others, publish your changed files.`,
  },
];

/**
 * @param {Licensed[]} packages
 * @throws when no note explains the obligations of a package
 */
function notesFor(packages) {
  const names = new Set(packages.filter(({ licence }) => asking.test(licence)).map(({ name }) => name));
  const used = notes.filter((note) => note.packages.some((name) => names.has(name)));
  const silent = [...names].filter((name) => !used.some((note) => note.packages.includes(name)));
  if (silent.length > 0) {
    throw new PlainError(
      `${silent.join(', ')}: read what the licence asks, and write a note into scripts/lib/licence-list.mjs.`,
    );
  }
  return used.map(({ text }) => `- ${text}`).join('\n');
}

/** @param {Licensed[]} packages */
export function licenceList(packages) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const byCount = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return `# Licences of what ships

\`npm run licences\` writes this page: do not edit it. SoloSpark itself is MIT licensed ([LICENSE](../LICENSE)). It ships with the
packages below: in the images of the API, the worker and the sandbox, or installed by \`npm start\`. The list is for Linux with glibc on
x64; on another machine a few packages with native code have other names, and the same licences. What only builds and tests
SoloSpark is not listed. Each package brings the text of its licence in its own folder below \`node_modules\`.

This page is information, not legal advice.

## Licences that ask something of you

${notesFor(packages)}

## How many of each

| licence | packages |
| --- | --- |
${byCount.map(([licence, count]) => `| ${licence} | ${count} |`).join('\n')}

## All packages

| package | version | licence | ships with |
| --- | --- | --- | --- |
${packages.map(({ name, version, licence, ships }) => `| ${name} | ${version} | ${licence} | ${ships.join(', ')} |`).join('\n')}
`;
}

/**
 * Reads the list in docs/licences.md.
 * @param {string} page
 */
export function readLicenceList(page) {
  // The rows after the row of dashes.
  const [, list = ''] = page.split(/## All packages[^]*?\| -+ \|\n/);
  return [...list.matchAll(/^\| (\S+) +\| (\S+) +\| (.+?) +\| (.+?) +\|$/gm)].map(
    ([, name = '', version = '', licence = '', ships = '']) => ({
      name,
      version,
      licence,
      ships: ships.split(', '),
    }),
  );
}
