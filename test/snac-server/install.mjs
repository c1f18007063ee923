// @ts-check
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PlainError, step } from '../../scripts/lib/report.mjs';

const PACKAGE = 'snac2';
/** Debian 12 has snac only in its backports, which most machines do not have as a source. */
const BACKPORTED_TO = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

const installed = fileURLToPath(new URL('installed', import.meta.url));
export const program = join(installed, 'usr/bin/snac');

const execute = promisify(execFile);

/**
 * Unpacks the package in this folder, once. Nothing is installed on the machine.
 * @param {AbortSignal} signal
 * @throws PlainError when this machine cannot download or run it
 */
export async function installServer(signal) {
  if (!existsSync(program)) await step('Installing the snac server', () => install(signal));
  await execute(program, ['--help'], { signal }).catch((error) => {
    // Without arguments snac prints its usage and exits with 1. A program that cannot start prints no usage.
    if (/snac/i.test(error.stdout)) return;
    throw new PlainError(
      `The snac server does not run here: ${cause(error)}. It needs libcurl4 and libssl3.`,
    );
  });
}

async function install(/** @type {AbortSignal} */ signal) {
  await execute('apt-get', ['--version'], { signal }).catch(() => {
    throw new PlainError(
      'The snac server comes as a Debian package, and this machine has no apt-get. Debian 12 or newer is needed.',
    );
  });
  const work = mkdtempSync(join(tmpdir(), 'solospark-apt-'));
  // apt downloads as another user.
  chmodSync(work, 0o755);
  try {
    await download(work, signal);
    const archive = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new PlainError(`apt-get has not brought ${PACKAGE}.`);
    // Unpacked next to its place and then renamed, so that it is never incomplete.
    const unpacked = mkdtempSync(`${installed}-`);
    await execute('dpkg', ['-x', join(work, archive), unpacked], { signal });
    rmSync(installed, { recursive: true, force: true });
    renameSync(unpacked, installed);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function download(/** @type {string} */ work, /** @type {AbortSignal} */ signal) {
  const apt = (/** @type {string[]} */ ...args) => execute('apt-get', args, { cwd: work, signal });
  try {
    await apt('download', PACKAGE);
    return;
  } catch (error) {
    if (codename() !== BACKPORTED_TO) throw notDownloaded(error);
  }
  const options = await backportsAlone(work, signal);
  try {
    await apt(...options, 'update', '--error-on=any');
    await apt(...options, 'download', PACKAGE);
  } catch (error) {
    throw notDownloaded(error);
  }
}

/** apt settings that list only the backports, with their own folder for its state. */
async function backportsAlone(/** @type {string} */ work, /** @type {AbortSignal} */ signal) {
  const { stdout } = await execute(
    'apt-get',
    ['indextargets', '--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages'],
    { signal },
  );
  const main = `${BACKPORTED_TO} main `;
  const source = stdout.split('\n').find((line) => line.startsWith(main));
  if (source === undefined) {
    throw new PlainError(
      `apt on this machine names no source for ${main.trim()}, so ${PACKAGE} cannot be found.`,
    );
  }
  const lists = join(work, 'lists');
  const cache = join(work, 'cache');
  for (const folder of [lists, cache]) mkdirSync(folder);
  const signedBy = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  const sources = join(work, 'sources.list');
  writeFileSync(sources, `deb ${signedBy}${source.slice(main.length)} ${BACKPORTED_TO}-backports main\n`);
  return [
    `Dir::Etc::SourceList=${sources}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${cache}`,
  ].flatMap((option) => ['-o', option]);
}

function codename() {
  if (!existsSync('/etc/os-release')) return undefined;
  return /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
}

function notDownloaded(/** @type {unknown} */ error) {
  return new PlainError(
    `The snac server (Debian's package ${PACKAGE}) could not be downloaded: ${cause(error)}. ` +
      'It needs Debian 12 or newer, and the network once.',
  );
}

/** The first error that apt printed, which caused the others. */
function cause(/** @type {any} */ error) {
  const lines = String(error.stderr || error.message).split('\n');
  return (lines.find((line) => line.startsWith('E: ')) ?? lines[0] ?? '').replace(/^E: |\.$/g, '').trim();
}
