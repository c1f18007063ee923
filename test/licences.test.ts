import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { licenceList, readLicenceList } from '../scripts/lib/licence-list.mjs';
import { shippedPackages } from '../scripts/lib/shipped.mjs';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('docs/licences.md');
const listed = readLicenceList(page);

describe('docs/licences.md', () => {
  it('lists every shipped package of the lockfile by name and version (if not: npm run licences)', () => {
    const line = ({ name, version, ships }: { name: string; version: string; ships: string[] }) =>
      `${name}@${version} (${ships.join(', ')})`;
    expect(listed.length).toBeGreaterThan(100);
    expect(listed.map(line)).toEqual(shippedPackages(read('pnpm-lock.yaml')).map(line));
  });

  it('names the licence of each package', () => {
    expect(listed.filter(({ licence }) => licence === '' || licence === 'Unknown')).toEqual([]);
  });

  it('explains each licence with obligations beyond keeping its text, by the name of the package', () => {
    const asking = listed.filter(({ licence }) => /GPL|MPL|EPL|CDDL|CC-BY|SSPL|BUSL/.test(licence));
    expect(asking.map(({ name }) => name)).toEqual(expect.arrayContaining(['pm2', 'mediabunny']));
    expect(() => licenceList(listed)).not.toThrow();
    const unknown = { name: 'some-library', version: '1.0.0', licence: 'GPL-2.0', ships: ['api'] };
    expect(() => licenceList([...listed, unknown])).toThrow('some-library');
  });

  it('is what `npm run licences` writes, except for the width of the columns', () => {
    const plain = (text: string) => text.replace(/-{3,}/g, '---').replace(/ +/g, ' ');
    expect(plain(page)).toBe(plain(licenceList(listed)));
  });
});

describe('the list of shipped packages', () => {
  const lockfile = `
importers:
  .:
    devDependencies: { builds: { version: 1.0.0 } }
  apps/api:
    dependencies: { one: { version: 1.0.0(peer@2.0.0) }, room: { version: link:../../packages/room } }
    devDependencies: { tests: { version: 1.0.0 } }
  packages/room:
    dependencies: { other-name: { version: '@a/real@3.0.0' } }
packages:
  one@1.0.0: {}
  peer@2.0.0: {}
  '@a/real@3.0.0': {}
  native-linux@1.0.0: { os: [linux], cpu: [x64], libc: [glibc] }
  native-musl@1.0.0: { os: [linux], cpu: [x64], libc: [musl] }
  native-darwin@1.0.0: { os: [darwin], cpu: [arm64] }
  not-windows@1.0.0: { os: ['!win32'] }
snapshots:
  one@1.0.0(peer@2.0.0):
    dependencies: { peer: 2.0.0 }
    optionalDependencies: { native-linux: 1.0.0, native-musl: 1.0.0, native-darwin: 1.0.0, not-windows: 1.0.0 }
  peer@2.0.0: {}
  '@a/real@3.0.0':
    dependencies: { one: 1.0.0(peer@2.0.0) }
`;

  it('has every dependency of an app, through our own packages and aliases, for the platform of the images only', () => {
    expect(shippedPackages(lockfile).map(({ name, version }) => `${name}@${version}`)).toEqual([
      '@a/real@3.0.0',
      'native-linux@1.0.0',
      'not-windows@1.0.0',
      'one@1.0.0',
      'peer@2.0.0',
    ]);
  });
});
