import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinnedPnpm } from '../scripts/lib/install.mjs';
import { repoRoot } from '../scripts/lib/home.mjs';

// A small checkout with our scripts and the pinned pnpm: an incomplete installation is repaired, and no package is removed while a
// stack runs from it.

let root: string;
beforeAll(() => {
  root = join(mkdtempSync(join(tmpdir(), 'solospark-install-')), 'checkout');
  cpSync(join(repoRoot, 'scripts', 'lib'), join(root, 'scripts', 'lib'), { recursive: true });
  for (const room of ['apps/app', 'packages/package', 'bench', 'scripts', 'test']) {
    mkdirSync(join(root, room), { recursive: true });
    writeFileSync(
      join(root, room, 'package.json'),
      JSON.stringify({ name: room.replace('/', '-'), private: true }),
    );
  }
  const manifest = {
    name: 'small',
    private: true,
    packageManager: pinnedPnpm,
    scripts: { where: 'node -p "\'ran in \' + process.cwd()"' },
    devDependencies: { chokidar: '5.0.0', yaml: '2.9.1' },
  };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  const settings = readFileSync(join(repoRoot, 'pnpm-workspace.yaml'), 'utf8').replace(
    /^catalog:\n(?: .*\n)+/m,
    '',
  );
  writeFileSync(join(root, 'pnpm-workspace.yaml'), settings);
  expect(runIn('npx', '-y', pinnedPnpm, 'install', '--lockfile-only').status).toBe(0);
}, 120_000);
afterAll(() => rmSync(join(root, '..'), { recursive: true, force: true }));

function runIn(program: string, ...args: string[]) {
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, env, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

/** The code that every entry point runs first. */
const ensure = (then = '') =>
  `import { ensureInstalled, useInstallation } from './scripts/lib/install.mjs';
   try { await ensureInstalled(); } catch (error) { console.log(error.message); process.exit(1); }
   ${then}; process.exit(0);`;
const install = () => runIn('node', '--input-type=module', '-e', ensure());
const store = () => join(root, 'node_modules', '.pnpm');
/** The real path of a package's manifest. `yaml` is a direct dependency of the checkout, `readdirp` an indirect one. */
const manifestOf = (name: 'yaml' | 'readdirp') => {
  const entry = readdirSync(store()).find((each) => each.startsWith(`${name}@`)) ?? name;
  return join(store(), entry, 'node_modules', name, 'package.json');
};

describe('every entry point', () => {
  it('installs missing packages, and prints nothing the next time', () => {
    expect(install()).toMatchObject({
      status: 0,
      said: expect.stringContaining('Installing dependencies'),
    });
    expect(existsSync(manifestOf('yaml'))).toBe(true);
    expect(install()).toEqual({ status: 0, said: '' });
  }, 120_000);

  it.each([
    ['a package', () => rmSync(join(manifestOf('yaml'), '..'), { recursive: true })],
    ['an indirect dependency', () => rmSync(join(manifestOf('readdirp'), '..'), { recursive: true })],
    ['the link to a package', () => rmSync(join(root, 'node_modules', 'yaml'))],
    ['the .modules.yaml that pnpm writes last', () => rmSync(join(root, 'node_modules', '.modules.yaml'))],
    ['all packages', () => rmSync(join(root, 'node_modules'), { recursive: true })],
  ])(
    'repairs an installation that lacks %s',
    (_, spoil) => {
      spoil();
      expect(install()).toMatchObject({
        status: 0,
        said: expect.stringContaining('Installing dependencies'),
      });
      for (const name of ['yaml', 'readdirp'] as const) expect(existsSync(manifestOf(name))).toBe(true);
      expect(existsSync(join(root, 'node_modules', 'yaml', 'package.json'))).toBe(true);
      expect(install()).toEqual({ status: 0, said: '' });
    },
    120_000,
  );

  it('repairs an installation that was interrupted, at whatever moment', async () => {
    for (const afterMs of [700, 1_500, 2_500]) {
      rmSync(join(root, 'node_modules', '.cache', 'solospark', 'installed.json'), { force: true });
      rmSync(join(manifestOf('yaml'), '..'), { recursive: true, force: true });
      const child = spawn('node', ['--input-type=module', '-e', ensure()], {
        cwd: root,
        detached: true,
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      // To the whole process group, as with Ctrl-C.
      if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
      await ended;
      expect(install().status).toBe(0);
      expect(existsSync(manifestOf('yaml'))).toBe(true);
      expect(install()).toEqual({ status: 0, said: '' });
    }
  }, 180_000);

  it('does not install while SoloSpark runs from the folder, and names the process to stop', async () => {
    const user = spawn(
      'node',
      [
        '--input-type=module',
        '-e',
        ensure(
          "useInstallation(); console.log('runs'); await new Promise((resolve) => setTimeout(resolve, 600_000))",
        ),
      ],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await new Promise((resolve) => user.stdout.once('data', resolve));
    rmSync(join(root, 'node_modules', 'yaml'));
    const refused = install();
    expect(refused.status).toBe(1);
    expect(refused.said).toContain(`SoloSpark runs from it (pid ${user.pid})`);
    user.kill('SIGKILL');
    await new Promise((resolve) => user.once('exit', resolve));
    expect(install().status).toBe(0);
  }, 120_000);
});

it('a checkout that was moved is used without a new installation, by us and by pnpm', () => {
  const moved = join(root, '..', 'moved elsewhere');
  renameSync(root, moved);
  root = moved;
  const before = statSync(join(root, 'node_modules', '.modules.yaml')).mtimeMs;
  expect(install()).toEqual({ status: 0, said: '' });
  expect(runIn('npx', '-y', pinnedPnpm, 'where')).toMatchObject({
    status: 0,
    said: expect.stringContaining('ran in'),
  });
  expect(statSync(join(root, 'node_modules', '.modules.yaml')).mtimeMs).toBe(before);
}, 120_000);

it('pnpm does not remove packages by itself when the manifests have changed, as after a git pull while a stack runs', () => {
  const path = join(root, 'package.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(',"yaml":"2.9.1"', ''));
  expect(runIn('npx', '-y', pinnedPnpm, 'where')).toMatchObject({ status: 0 });
  expect(existsSync(join(root, 'node_modules', 'yaml', 'package.json'))).toBe(true);
}, 120_000);
