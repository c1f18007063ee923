import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { DiskProcess } from './disk-process.ts';
import {
  assertKey,
  assertSize,
  FileChangedError,
  FileMissingError,
  type ByteRange,
  type FileStore,
  type StoredFile,
} from './file-store.ts';
import { watchState } from './watch-state.ts';

/** The most bytes of a file in memory for one reader. */
const PIECE_BYTES = 256 * 1024;

/** Long, since a large file is flushed to the disk first. */
const PUT_TIMEOUT_MS = 60_000;

const PROBE_TIMEOUT_MS = 2_000;

/** Files below one folder of a local (or shared) disk. Files to be put have to be on the same disk: they are renamed. */
export function openDiskStore(options: { directory: string; disk: DiskProcess }): FileStore {
  const { directory, disk } = options;
  const pathOf = (key: string) => {
    assertKey(key);
    return join(directory, key);
  };

  let wasThere = false;

  async function read(key: string, part: { start?: number; length?: number }, version: string | undefined) {
    const { facts, bytes } = await found(key, disk.call<StoredFile>('read', { path: pathOf(key), ...part }));
    if (version !== undefined && facts.version !== version) {
      throw new FileChangedError(key, 'it was written to or replaced while it was being read');
    }
    if (part.length !== undefined && bytes.byteLength < part.length) {
      throw new FileChangedError(
        key,
        `it ends after ${facts.byteSize} bytes, within the part that is wanted`,
      );
    }
    return { facts, bytes };
  }

  return {
    async put(key, path) {
      await disk.call('put', { from: path, to: pathOf(key) }, { timeoutMs: PUT_TIMEOUT_MS });
    },
    stat: async (key) => (await found(key, disk.call<StoredFile>('stat', { path: pathOf(key) }))).facts,
    async digest(key) {
      const asked = { path: pathOf(key) };
      return (await found(key, disk.call<StoredFile & { sha256: string }>('digest', asked))).facts;
    },
    async read(key, range, version) {
      const part = range ? { start: range.start, length: range.end - range.start + 1 } : {};
      return (await read(key, part, version)).bytes;
    },
    async open(key, byteSize, range: ByteRange = { start: 0, end: byteSize - 1 }) {
      const next = (start: number, version?: string) =>
        read(key, { start, length: Math.min(PIECE_BYTES, range.end - start + 1) }, version);
      // Checked before the first byte, so that the caller can still answer with an error.
      const stored = (await found(key, disk.call<StoredFile>('stat', { path: pathOf(key) }))).facts;
      assertSize(key, stored, byteSize);
      async function* pieces() {
        for (let start = range.start; start <= range.end;) {
          const { bytes } = await next(start, stored.version);
          yield bytes;
          start += bytes.byteLength;
        }
      }
      return Readable.from(pieces(), { objectMode: false });
    },
    async remove(key) {
      await disk.call('remove', { path: pathOf(key) });
    },
    state: watchState(async () => {
      // A folder that has disappeared is a lost mount. Creating a new folder in its place would hide that.
      await disk.call('probe', { directory, create: !wasThere }, { timeoutMs: PROBE_TIMEOUT_MS });
      wasThere = true;
    }, PROBE_TIMEOUT_MS + 500),
    close: () => disk.close(),
  };
}

async function found<T>(key: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw isMissing(error) ? new FileMissingError(key, error) : error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
