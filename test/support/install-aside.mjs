// @ts-check
// Installs packages that only one suite needs, outside of the workspace: in the user's cache folder, which all checkouts with the
// same lock file and the same Node share.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/lib/install.mjs';
import { withLock } from '../../scripts/lib/lock.mjs';
import { PlainError, say } from '../../scripts/lib/report.mjs';

/**
 * @param {{ name: string, what: string, manifests: { name: string, path: string }[] }} options `what`: the packages in messages;
 * `manifests`: package.json and its lock file
 */
export function asideFolder({ name, what, manifests }) {
  const folder = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'solospark',
    name,
    `node-${process.version}-${process.platform}-${process.arch}-${hashOf(manifests.map(({ path }) => path))}`,
  );

  /**
   * Installs once on this machine; a second command that runs meanwhile waits.
   * @param {AbortSignal} signal
   * @param {(inFolder: (command: string, args: string[], env?: NodeJS.ProcessEnv) => Promise<void>) => Promise<void>} fill
   */
  async function install(signal, fill) {
    if (existsSync(folder)) return;
    await withLock(
      `${folder}.lock`,
      ({ pid }) => say(`Another command (pid ${pid}) is installing ${what}; waiting for it …`),
      async () => {
        if (existsSync(folder)) return;
        // The folder is renamed only when it is complete. A part of an interrupted installation is never used, and removed here.
        const part = `${folder}.part`;
        rmSync(part, { recursive: true, force: true, maxRetries: 3 });
        mkdirSync(part, { recursive: true });
        try {
          for (const manifest of manifests) copyFileSync(manifest.path, join(part, manifest.name));
          await fill(async (command, args, env = process.env) => {
            const code = await run(command, args, { cwd: part, env, quiet: true });
            signal.throwIfAborted();
            if (code !== 0) throw new PlainError(`${command} ${args.join(' ')} ended with ${code}.`);
          });
          renameSync(part, folder);
        } finally {
          rmSync(part, { recursive: true, force: true, maxRetries: 3 });
        }
      },
    );
  }
  return { folder, install };
}

/** @param {string[]} paths */
function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path));
  return hash.digest('hex').slice(0, 12);
}
