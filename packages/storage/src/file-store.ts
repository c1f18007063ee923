import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';

/** Where the bytes of media lie. The database has the facts about them; this has only bytes under a key. */
export interface FileStore {
  /** Stores `bytes` under `key` (letters, digits, `-`, `_`, `/`). Complete or not at all; the same key is replaced. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @throws FileMissingError */
  read(key: string): Promise<Uint8Array<ArrayBuffer>>;
  /** @throws FileMissingError before the first byte. */
  stream(key: string): Promise<Readable>;
}

/** The row exists and its bytes do not: the folder is not shared between API and worker, or was emptied. */
export class FileMissingError extends Error {
  constructor(key: string, cause: unknown) {
    super(`the media file ${key} is missing from the store`, { cause });
    this.name = 'FileMissingError';
  }
}

/** Files below one folder of a local (or shared) disk. */
export function openFileStore(options: { directory: string }): FileStore {
  const pathOf = (key: string) => {
    if (!/^[\w-]+(\/[\w-]+)*$/.test(key)) throw new Error(`not a storage key: ${key}`);
    return join(options.directory, key);
  };
  return {
    async put(key, bytes) {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      // Written beside and renamed, so that a reader never meets half a file and a crash leaves none.
      const partial = `${path}.${process.pid}.partial`;
      try {
        await writeFile(partial, bytes, { flush: true });
        await rename(partial, path);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },
    read: async (key) => new Uint8Array(await found(key, readFile(pathOf(key)))),
    stream: async (key) => (await found(key, open(pathOf(key)))).createReadStream(),
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
