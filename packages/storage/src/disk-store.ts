import { mkdir, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertKey, FileMissingError, type ByteRange, type FileStore } from './file-store.ts';

/** Files below one folder of a local (or shared) disk. What is put has to lie on the same disk. */
export function openDiskStore(options: { directory: string }): FileStore {
  const pathOf = (key: string) => {
    assertKey(key);
    return join(options.directory, key);
  };
  return {
    async put(key, path) {
      const target = pathOf(key);
      await mkdir(dirname(target), { recursive: true });
      // Flushed and then renamed: a reader never meets half a file, and a crash leaves none.
      await flush(path);
      await rename(path, target);
    },
    async read(key, range) {
      if (!range) return new Uint8Array(await found(key, readFile(pathOf(key))));
      const file = await found(key, open(pathOf(key)));
      try {
        return await readRange(file, range);
      } finally {
        await file.close();
      }
    },
    open: async (key, range) => (await found(key, open(pathOf(key)))).createReadStream(range),
    remove: (key) => rm(pathOf(key), { force: true }),
  };
}

async function readRange(file: FileHandle, { start, end }: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start + 1);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) throw new Error('the range reaches beyond the end of the file');
    filled += bytesRead;
  }
  return bytes;
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
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
