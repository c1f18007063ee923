#!/usr/bin/env node
// @ts-check
// Everything that is done to the folder of the media happens here, in a process of its own. A call on a network mount that has
// died never returns, and each one holds a thread: in the parent four of them would stop its DNS, its hashes and its exit as
// well. Here they hold threads of a process that the parent ends and replaces (src/disk-process.ts).
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';

// What is made here may be read by its owner only, whatever the parent was started with.
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
  /** From `start`, `length` bytes; less where the file ends. Without a `length`: all of it. */
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
  /** Flushed and then renamed: a reader never meets half a file, and a crash leaves none. */
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
  /** Whether something can be written here, flushed, and read again. */
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
 * Also a folder that an older version left open to others: what lies below it is closed with it. One of somebody else is
 * theirs to close.
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
 * `version` is another one as soon as the file was written to or replaced.
 * @param {FileHandle} file
 */
async function factsOf(file) {
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
  return { byteSize: Number(size), version: [dev, ino, size, mtimeNs, ctimeNs].join('-') };
}

/**
 * A disk that is nearly full takes a part, and says so only when it is asked for the rest.
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
 * Since its newest file came: the folder's own time is that of its last new name, so a long upload looks older than it is.
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
 * Another process sweeps, or the upload has just ended.
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
// The parent is gone, or wants no more. An ordinary exit would wait for a thread that hangs.
for (const event of ['close', 'error']) parent.on(event, () => process.kill(process.pid, 'SIGKILL'));
// A terminal tells the whole group; the parent still has to finish what it does.
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
