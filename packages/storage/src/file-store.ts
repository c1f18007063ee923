import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';

/** Where the bytes of media lie. The database has the facts about them; this has only bytes under a key. */
export interface FileStore {
  /** Stores `bytes` under `key` (letters, digits, `-`, `_`, `/`). Complete or not at all; the same key is replaced. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @throws FileMissingError */
  read(key: string): Promise<Uint8Array<ArrayBuffer>>;
  /** A stream that emits `error` when the file is missing. */
  stream(key: string): Readable;
  remove(key: string): Promise<void>;
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
    async read(key) {
      try {
        return new Uint8Array(await readFile(pathOf(key)));
      } catch (error) {
        throw isMissing(error) ? new FileMissingError(key, error) : error;
      }
    },
    stream: (key) => createReadStream(pathOf(key)),
    remove: (key) => rm(pathOf(key), { force: true }),
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
