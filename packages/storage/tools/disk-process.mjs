#!/usr/bin/env node
// @ts-check
// Does all file operations on the media folder, in a process of its own. A call on a dead network mount never returns and
// holds a thread. In the parent, four such calls would also block DNS look-ups, hashes and the exit. Here they only hold
// threads of a process that the parent kills and replaces (src/disk-process.ts).
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';

// Files made here can be read by their owner only, whatever the umask of the parent.
process.umask(0o077);

const HASH_PIECE_BYTES = 1_000_000;
const PROBE_BYTES = 4_096;

/** @typedef {import('node:fs/promises').FileHandle} FileHandle */
/** @typedef {{ facts?: object, bytes?: Buffer }} Answer */
/** @typedef {(asked: any, body: Buffer, noteProgress: () => void) => Promise<Answer>} Operation */

/** @type {Record<string, Operation>} */
const operations = {
  async stat({ path }) {
    return { facts: await withFile(path, 'r', factsOf) };
  },
  /** Reads `length` bytes from `start`, or fewer at the end of the file. Without `length`: all the rest. */
  read({ path, start = 0, length }) {
    return withFile(path, 'r', async (file) => {
      const facts = await factsOf(file);
      const left = Math.max(0, facts.byteSize - start);
      const bytes = Buffer.allocUnsafe(Math.min(length ?? left, left));
      return { facts, bytes: bytes.subarray(0, await fill(file, bytes, start)) };
    });
  },
  digest({ path }, _body, noteProgress) {
    return withFile(path, 'r', async (file) => {
      const facts = await factsOf(file);
      const hash = createHash('sha256');
      const piece = Buffer.allocUnsafe(HASH_PIECE_BYTES);
      for (let at = 0; ;) {
        const { bytesRead } = await file.read(piece, 0, piece.length, at);
        if (bytesRead === 0) return { facts: { ...facts, sha256: hash.digest('hex') } };
        hash.update(piece.subarray(0, bytesRead));
        at += bytesRead;
        noteProgress();
      }
    });
  },
  /** Flushes the file, then renames it: neither a reader nor a crash ever finds half a file under its name. */
  async put({ from, to }) {
    await mkdir(dirname(to), { recursive: true });
    await withFile(from, 'r+', (file) => file.sync());
    await chmod(from, 0o600);
    await rename(from, to);
    return {};
  },
  async remove({ path }) {
    await rm(path, { force: true, recursive: true });
    return {};
  },
  async makeFolderIn({ directory }) {
    await makePrivate(directory);
    return { facts: { path: await mkdtemp(join(directory, 'upload-')) } };
  },
  async write({ path, at }, body) {
    await withFile(path, at === 0 ? 'w' : 'r+', (file) => writeAll(file, body, at));
    return {};
  },
  async sweep({ directory, olderThanMs }, _body, noteProgress) {
    for (const name of await unlessGone(readdir(directory), [])) {
      const folder = join(directory, name);
      if ((await ageMs(folder)) > olderThanMs) await rm(folder, { recursive: true, force: true });
      noteProgress();
    }
    return {};
  },
  /** Fails unless a file can be written here, flushed and read. */
  async probe({ directory, create }) {
    if (create) await makePrivate(directory);
    const path = join(directory, `.probe-${process.pid}`);
    try {
      await withFile(path, 'w+', async (file) => {
        await writeAll(file, Buffer.alloc(PROBE_BYTES, 1), 0);
        await file.sync();
        await fill(file, Buffer.alloc(PROBE_BYTES), 0);
      });
    } finally {
      await rm(path, { force: true });
    }
    return {};
  },
};

/**
 * Makes a folder that only its owner can read; also closes one that an older version left open. A folder of another user
 * stays as it is.
 * @param {string} directory
 */
async function makePrivate(directory) {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o700).catch((error) => {
    if (error.code !== 'EPERM' && error.code !== 'EROFS') throw error;
  });
}

/**
 * @template T
 * @param {string} path
 * @param {string} flags
 * @param {(file: FileHandle) => Promise<T>} work
 */
async function withFile(path, flags, work) {
  const file = await open(path, flags, 0o600);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/**
 * `version` changes when the file is written to or replaced.
 * @param {FileHandle} file
 */
async function factsOf(file) {
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
  return { byteSize: Number(size), version: [dev, ino, size, mtimeNs, ctimeNs].join('-') };
}

/**
 * A disk that is nearly full writes only a part, and reports the error only for the rest. So this writes until all is done.
 * @param {FileHandle} file
 * @param {Buffer} bytes
 * @param {number} start
 */
async function writeAll(file, bytes, start) {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, start + done)).bytesWritten;
  }
}

/**
 * @param {FileHandle} file
 * @param {Buffer} bytes
 * @param {number} start
 */
async function fill(file, bytes, start) {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/**
 * The age of the newest file in a folder. The folder's own time only changes with a new name, so a long upload would look
 * older than it is.
 * @param {string} folder
 */
async function ageMs(folder) {
  const names = await unlessGone(readdir(folder), []);
  const paths = [folder, ...names.map((name) => join(folder, name))];
  const times = await Promise.all(
    paths.map((path) =>
      unlessGone(
        stat(path).then(({ mtimeMs }) => mtimeMs),
        0,
      ),
    ),
  );
  return Date.now() - Math.max(...times);
}

/**
 * Answers `otherwise` when the file is gone: another process sweeps too, or the upload has just ended.
 * @template T
 * @param {Promise<T>} asking
 * @param {T} otherwise
 */
async function unlessGone(asking, otherwise) {
  try {
    return await asking;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return otherwise;
    throw error;
  }
}

// Frames as in src/frames.ts: the length of a head, that of a body, the head as JSON, and the body.
const parent = new Socket({ fd: 3 });
/** @type {Buffer[]} */
let pending = [];
let byteCount = 0;
let wanted = 8;
parent.on('data', (chunk) => {
  pending.push(chunk);
  byteCount += chunk.length;
  while (byteCount >= wanted) {
    const all = Buffer.concat(pending);
    const headEnd = 8 + all.readUInt32BE(0);
    const end = headEnd + all.readUInt32BE(4);
    pending = [all];
    wanted = end;
    if (byteCount < end) return;
    void carryOut(JSON.parse(all.toString('utf8', 8, headEnd)), all.subarray(headEnd, end));
    pending = [all.subarray(end)];
    byteCount -= end;
    wanted = 8;
  }
});
// The parent is gone or has closed the socket. An ordinary exit would wait for a hanging thread.
for (const event of ['close', 'error']) parent.on(event, () => process.kill(process.pid, 'SIGKILL'));
// A terminal sends these signals to the whole process group, but the parent still has to finish its work.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

/**
 * @param {{ id: number, operation: string, asked: object }} call
 * @param {Buffer} body
 */
async function carryOut({ id, operation, asked }, body) {
  try {
    const work = operations[operation];
    if (!work) throw new Error(`there is no operation ${operation}`);
    const { facts = {}, bytes } = await work(asked, body, () => answer({ id, progress: true }));
    answer({ id, facts }, bytes);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    answer({ id, error: { code, message } });
  }
}

/**
 * @param {object} head
 * @param {Buffer} bytes
 */
function answer(head, bytes = Buffer.alloc(0)) {
  const json = Buffer.from(JSON.stringify(head));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(json.length, 0);
  lengths.writeUInt32BE(bytes.length, 4);
  parent.write(Buffer.concat([lengths, json]));
  if (bytes.length > 0) parent.write(bytes);
}
