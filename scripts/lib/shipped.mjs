// @ts-check
// Finds the third-party packages that ship, from the lockfile: those in the image of an app, and those that `npm start` installs. The
// lockfile is for all platforms; only that of the images counts, Linux with glibc on x64, so the result is the same on each machine.
import { posix } from 'node:path';
import { parse } from 'yaml';

const machine = { os: 'linux', cpu: 'x64', libc: 'glibc' };
/** Importers of the lockfile, with the name of what ships there. */
const ways = { 'apps/api': 'api', 'apps/worker': 'worker', 'apps/sandbox': 'sandbox', '.': 'npm start' };

/**
 * @typedef {{ name: string, version: string, ships: string[] }} Shipped
 * @typedef {Record<string, { version: string }>} Wanted
 * @typedef {{ dependencies?: Record<string, string>, optionalDependencies?: Record<string, string> }} Snapshot
 * @typedef {object} Lockfile
 * @property {Record<string, { dependencies?: Wanted, optionalDependencies?: Wanted }>} importers
 * @property {Record<string, { os?: string[], cpu?: string[], libc?: string[] }>} packages
 * @property {Record<string, Snapshot>} snapshots
 */

/**
 * @param {string} lockfile the text of pnpm-lock.yaml
 * @returns {Shipped[]} sorted by name and version
 */
export function shippedPackages(lockfile) {
  /** @type {Lockfile} */
  const lock = parse(lockfile);
  /** @type {Map<string, Shipped>} */
  const shipped = new Map();
  for (const [importer, way] of Object.entries(ways)) {
    for (const id of reachableFrom(lock, importer)) {
      const at = id.lastIndexOf('@');
      const known = shipped.get(id) ?? { name: id.slice(0, at), version: id.slice(at + 1), ships: [] };
      known.ships.push(way);
      shipped.set(id, known);
    }
  }
  const order = new Intl.Collator('en', { numeric: true }).compare;
  return [...shipped.values()].sort(
    (one, other) => order(one.name, other.name) || order(one.version, other.version),
  );
}

/**
 * @param {Lockfile} lock
 * @param {string} start an importer
 * @returns {Set<string>} `name@version` of all packages that are installed there, without devDependencies
 */
function reachableFrom(lock, start) {
  /** @type {Set<string>} */
  const ids = new Set();
  /** @type {Set<string>} */
  const seen = new Set();
  const visitImporter = (/** @type {string} */ importer) => {
    if (seen.has(importer)) return;
    seen.add(importer);
    const { dependencies, optionalDependencies } = lock.importers[importer] ?? {};
    for (const [name, { version }] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      if (version.startsWith('link:')) visitImporter(posix.join(importer, version.slice('link:'.length)));
      else visitPackage(keyOf(name, version));
    }
  };
  const visitPackage = (/** @type {string} */ key) => {
    if (seen.has(key)) return;
    seen.add(key);
    const id = key.replace(/\(.*$/, '');
    if (!isForMachine(lock.packages[id])) return;
    ids.add(id);
    const { dependencies, optionalDependencies } = lock.snapshots[key] ?? {};
    for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      visitPackage(keyOf(name, version));
    }
  };
  visitImporter(start);
  return ids;
}

/** The key of a dependency. For an alias, the version contains the real name. @param {string} name @param {string} version */
function keyOf(name, version) {
  return /^(@[^/(]+\/)?[^@/(]+@/.test(version) ? version : `${name}@${version}`;
}

/** @param {Lockfile['packages'][string] | undefined} wanted */
function isForMachine(wanted) {
  return Object.entries(machine).every(([what, mine]) => {
    const list = wanted?.[/** @type {keyof typeof machine} */ (what)];
    if (list === undefined) return true;
    return list.some((each) => each.startsWith('!')) ? !list.includes(`!${mine}`) : list.includes(mine);
  });
}
