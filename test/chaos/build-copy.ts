import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../../scripts/lib/home.mjs';

/**
 * Copies everything that was built, so that a new build does not change the programs during a run, and so that the prover can
 * patch the copy. Libraries are not copied.
 */
export function copyBuild(from: string = repoRoot): { root: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'solospark-build-'));
  for (const floor of ['apps', 'packages']) {
    for (const room of readdirSync(join(from, floor))) {
      const [source, target] = [join(from, floor, room), join(root, floor, room)];
      if (!existsSync(join(source, 'dist'))) continue;
      mkdirSync(target, { recursive: true });
      for (const part of ['package.json', 'dist', 'bundle', 'tools', 'node_modules']) {
        if (!existsSync(join(source, part))) continue;
        cpSync(join(source, part), join(target, part), { recursive: true, verbatimSymlinks: true });
      }
    }
  }
  cpSync(join(from, 'package.json'), join(root, 'package.json'));
  symlinkSync(realpathSync(join(from, 'node_modules')), join(root, 'node_modules'));
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

const bundleApp = join(repoRoot, 'packages/foundation/tools/bundle-app.mjs');

/** Bundles the apps again after a package of the copy was changed: they run from bundles. */
export function bundleAgain(root: string): void {
  for (const app of ['api', 'worker']) {
    execFileSync(process.execPath, [bundleApp], { cwd: join(root, 'apps', app), stdio: 'inherit' });
  }
}
