import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { DiskProcess } from './disk-process.ts';

/** A local folder for files that are being uploaded and checked, before they go to the store. */
export interface Staging {
  /** @throws StoreUnavailableError */
  open(): Promise<Upload>;
  /** Removes uploads that processes which have ended left behind. */
  sweep(olderThanMs: number): Promise<void>;
}

/** The folder of one upload. Only its owner may read it. */
export interface Upload {
  /**
   * Writes the source to the disk as it comes, however slowly: only a few chunks are in memory.
   * @throws StoreUnavailableError
   */
  receive(source: Readable): Promise<ReceivedFile>;
  /** The path for a further file of this upload. */
  path(name: string): string;
  /** Size and hash of a file of this upload. */
  digest(path: string): Promise<{ byteSize: number; sha256: string }>;
  /** Removes the folder with all that is left in it. */
  discard(): Promise<void>;
}

export interface ReceivedFile {
  path: string;
  byteSize: number;
  sha256: string;
}

export function openStaging(options: { directory: string; disk: DiskProcess }): Staging {
  const { directory, disk } = options;
  return {
    async open() {
      const folder = (await disk.call<{ path: string }>('makeFolderIn', { directory })).facts.path;
      return {
        receive: (source) => receive(disk, source, join(folder, 'received')),
        path: (name) => join(folder, name),
        digest: async (path) =>
          (await disk.call<{ byteSize: number; sha256: string }>('digest', { path })).facts,
        async discard() {
          await disk.call('remove', { path: folder });
        },
      };
    },
    async sweep(olderThanMs) {
      await disk.call('sweep', { directory, olderThanMs }, { timeoutMs: SWEEP_TIMEOUT_MS });
    },
  };
}

const SWEEP_TIMEOUT_MS = 60_000;

async function receive(disk: DiskProcess, source: Readable, path: string): Promise<ReceivedFile> {
  const hash = createHash('sha256');
  let byteSize = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    await disk.call('write', { path, at: byteSize }, { body: chunk });
    hash.update(chunk);
    byteSize += chunk.byteLength;
  }
  if (byteSize === 0) await disk.call('write', { path, at: 0 });
  return { path, byteSize, sha256: hash.digest('hex') };
}
