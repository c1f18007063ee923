import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A local folder where a file lies while it comes in and is looked at, whatever store it goes to afterwards. */
export interface Staging {
  open(): Promise<Upload>;
  /** Removes what processes that are no more have left behind. */
  sweep(olderThanMs: number): Promise<void>;
}

/** A folder of its own for one upload. */
export interface Upload {
  /** Writes what comes to the disk as it comes, however slowly: no more of it than a few chunks is ever in memory. */
  receive(source: Readable): Promise<ReceivedFile>;
  /** Where a file of this upload may be written. */
  path(name: string): string;
  /** Removes what is left of it. */
  discard(): Promise<void>;
}

export interface ReceivedFile {
  path: string;
  byteSize: number;
  sha256: string;
}

export function openStaging(options: { directory: string }): Staging {
  const { directory } = options;
  return {
    async open() {
      await mkdir(directory, { recursive: true });
      const folder = await mkdtemp(join(directory, 'upload-'));
      return {
        receive: (source) => receive(source, join(folder, 'received')),
        path: (name) => join(folder, name),
        discard: () => rm(folder, { recursive: true, force: true }),
      };
    },
    async sweep(olderThanMs) {
      for (const name of await namesIn(directory)) {
        const folder = join(directory, name);
        if ((await ageMs(folder)) > olderThanMs) await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function receive(source: Readable, path: string): Promise<ReceivedFile> {
  const hash = createHash('sha256');
  let byteSize = 0;
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        byteSize += chunk.byteLength;
        yield chunk;
      }
    },
    createWriteStream(path),
  );
  return { path, byteSize, sha256: hash.digest('hex') };
}

async function namesIn(directory: string): Promise<string[]> {
  return unlessGone(readdir(directory), []);
}

/** Since its newest file came: the folder's own time is that of its last new name, so a long upload looks older than it is. */
async function ageMs(folder: string): Promise<number> {
  const names = await namesIn(folder);
  const times = await Promise.all(
    [folder, ...names.map((name) => join(folder, name))].map(async (path) =>
      unlessGone(
        stat(path).then(({ mtimeMs }) => mtimeMs),
        0,
      ),
    ),
  );
  return Date.now() - Math.max(...times);
}

/** Another process sweeps, or the upload has just ended. */
async function unlessGone<T>(asking: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}
