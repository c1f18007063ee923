// @ts-check
// Finds the actions of the workflows and the base images, and pins them: an action by its commit, an image by its digest. The owner
// of a tag can move it; a commit and a digest cannot be moved.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const limitMs = 60_000;

/**
 * @typedef {object} Reference
 * @property {'action' | 'image'} kind
 * @property {string} file relative to the repository
 * @property {string} name `actions/checkout`, `node`
 * @property {string | null} tag null: pinned, but without a comment that names the release
 * @property {string | null} pin a commit or a digest
 */

/** @param {string} root of the repository */
export function filesToPin(root) {
  const filesOf = (/** @type {string} */ folder, /** @type {RegExp} */ wanted) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder))
          .filter((name) => wanted.test(name))
          .sort()
          .map((name) => `${folder}/${name}`)
      : [];
  return [...filesOf('.github/workflows', /\.ya?ml$/), ...filesOf('docker', /Dockerfile$|\.ya?ml$/)];
}

/**
 * @param {string} root
 * @returns {Reference[]}
 */
export function readReferences(root) {
  return filesToPin(root).flatMap((file) => findReferences(file, readFileSync(join(root, file), 'utf8')));
}

/**
 * @param {string} file
 * @param {string} text
 * @returns {Reference[]}
 */
export function findReferences(file, text) {
  /** @type {Reference[]} */
  const found = [];
  replaceReferences(file, text, (reference) => {
    found.push(reference);
    return null;
  });
  return found;
}

/**
 * @param {string} file
 * @param {string} text
 * @param {(reference: Reference) => string | null} pinOf null: the reference stays unchanged
 */
export function replaceReferences(file, text, pinOf) {
  return text
    .split('\n')
    .map((line) => {
      if (/^\s*(-\s+)?uses:/.test(line)) return replaceAction(file, line, pinOf);
      if (/^FROM\s|^#\s*syntax=|^\s*(image|container):/.test(line)) return replaceImages(file, line, pinOf);
      return line;
    })
    .join('\n');
}

/** Does not match an action of this repository (`./…`), which needs no pin. */
const action = /(uses:\s*)([\w.-]+\/[\w./-]+)@([\w./-]+)(?:\s+#\s*(\S+))?/;

/** @type {(file: string, line: string, pinOf: (reference: Reference) => string | null) => string} */
function replaceAction(file, line, pinOf) {
  return line.replace(action, (whole, start, name, ref, comment) => {
    const pinned = /^[0-9a-f]{40}$/.test(ref);
    const tag = pinned ? (comment ?? null) : ref;
    const pin = pinOf({ kind: 'action', file, name, tag, pin: pinned ? ref : null });
    return pin === null ? whole : `${start}${name}@${pin} # ${tag}`;
  });
}

/** Skips stages and images that are built here (no tag), and variables (`${API_IMAGE:-…}`), which the operator sets. */
const image = /(?<![\w${}./:-])([a-z0-9][\w./-]*):([\w][\w.-]*)(@sha256:[0-9a-f]{64})?(?=['",\]\s]|$)/g;

/** @type {(file: string, line: string, pinOf: (reference: Reference) => string | null) => string} */
function replaceImages(file, line, pinOf) {
  return line.replace(image, (whole, name, tag, digest) => {
    const pin = pinOf({ kind: 'image', file, name, tag, pin: digest?.slice(1) ?? null });
    return pin === null ? whole : `${name}:${tag}@${pin}`;
  });
}

/**
 * Pins unpinned references, and checks that each pinned commit is still the commit of its tag. Digests are not checked: the tag of
 * an image moves with every security update, and Renovate proposes the newer digest.
 * @param {{
 *   root: string,
 *   commitOf: (name: string, tag: string) => Promise<string>,
 *   digestOf: (image: string) => Promise<string>,
 * }} options
 * @returns {Promise<{ pinned: string[], problems: string[] }>} sentences
 */
export async function pinAll({ root, commitOf, digestOf }) {
  /** @type {string[]} */
  const pinned = [];
  /** @type {Set<string>} a set, so that a problem in several files is reported once */
  const problems = new Set();
  /** @type {Map<string, Promise<string | null>>} */
  const asked = new Map();
  const ask = (/** @type {Reference} */ { kind, name, tag }) => {
    const key = nameOf({ kind, name, tag });
    const answer =
      asked.get(key) ??
      (kind === 'action' ? commitOf(name, tag ?? '') : digestOf(key)).catch((error) => {
        problems.add(`${key}: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      });
    asked.set(key, answer);
    return answer;
  };

  for (const file of filesToPin(root)) {
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    /** @type {Map<string, string>} */
    const pins = new Map();
    for (const reference of findReferences(file, text)) {
      const key = nameOf(reference);
      if (reference.tag === null) problems.add(`${file}: ${key} has no tag in a comment behind its commit.`);
      if (reference.tag === null || (reference.kind === 'image' && reference.pin !== null)) continue;
      const pin = await ask(reference);
      if (pin === null || pin === reference.pin) continue;
      if (reference.pin !== null) {
        problems.add(
          `${file}: ${key} is ${pin} today, and not ${reference.pin}. Find out why its tag was moved.`,
        );
        continue;
      }
      pins.set(key, pin);
      pinned.push(`${file}: ${key} is ${pin}`);
    }
    if (pins.size === 0) continue;
    writeFileSync(
      path,
      replaceReferences(file, text, (each) => (each.pin === null ? (pins.get(nameOf(each)) ?? null) : null)),
    );
  }
  return { pinned, problems: [...problems] };
}

/** @param {Pick<Reference, 'kind' | 'name' | 'tag'>} reference */
export function nameOf({ kind, name, tag }) {
  return tag === null ? name : `${name}${kind === 'action' ? '@' : ':'}${tag}`;
}

/**
 * @param {string} origin `https://github.com`
 * @returns {(name: string, tag: string) => Promise<string>} throws when the tag does not exist
 */
export function commitsAt(origin) {
  return async (name, tag) => {
    // An action may be in a folder of its repository: actions/cache/restore.
    const repository = name.split('/').slice(0, 2).join('/');
    // An annotated tag is its own object; ^{} is the commit that it points to.
    const refs = [`refs/tags/${tag}`, `refs/tags/${tag}^{}`];
    const output = await outputOf('git', ['ls-remote', `${origin}/${repository}`, ...refs]);
    const commits = new Map(
      output
        .trim()
        .split('\n')
        .map((line) => /** @type {[string, string]} */ (line.split('\t').reverse())),
    );
    const commit = commits.get(`refs/tags/${tag}^{}`) ?? commits.get(`refs/tags/${tag}`);
    if (commit === undefined) throw new Error(`there is no tag ${tag} at ${origin}/${repository}.`);
    return commit;
  };
}

/** Asks the registry through docker for the digest of the image's manifest list. @param {string} name */
export async function digestOf(name) {
  const output = await outputOf('docker', [
    'buildx',
    'imagetools',
    'inspect',
    '--format',
    '{{json .Manifest}}',
    name,
  ]);
  const digest = JSON.parse(output).digest;
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`docker names no digest: ${output.trim()}`);
  return digest;
}

/** @param {string} program @param {string[]} args */
async function outputOf(program, args) {
  try {
    const env = { ...process.env, GIT_TERMINAL_PROMPT: '0' };
    return (await promisify(execFile)(program, args, { timeout: limitMs, env })).stdout;
  } catch (error) {
    const { code, stderr, killed } = /** @type {import('node:child_process').ExecFileException} */ (error);
    if (code === 'ENOENT') throw new Error(`${program} is not installed here.`, { cause: error });
    if (killed) throw new Error(`${program} gave no answer in ${limitMs / 1000} s.`, { cause: error });
    const [said = ''] = (stderr ?? '').trim().split('\n');
    if (program === 'docker' && said.startsWith('unknown ')) {
      throw new Error('the docker of this machine has no buildx, which reads digests.', { cause: error });
    }
    throw new Error(`${program} says: ${said}`, { cause: error });
  }
}
