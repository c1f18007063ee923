import type { Readable } from 'node:stream';

/**
 * Where the bytes of media lie: on a disk (disk-store.ts) or at a service that speaks S3 (s3-store.ts). The database has
 * the facts about them; this has only bytes under a key (letters, digits, `-`, `_`, `/`).
 */
export interface FileStore {
  /** Takes over the local file at `path`. Complete under `key` or not there at all; the same key is replaced. */
  put(key: string, path: string): Promise<void>;
  /**
   * All of it, or a part.
   * @throws FileMissingError
   */
  read(key: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
  /** @throws FileMissingError before the first byte. */
  open(key: string, range?: ByteRange): Promise<Readable>;
  /** What is not there is removed already. */
  remove(key: string): Promise<void>;
}

/** Both inclusive, and both within the file. */
export interface ByteRange {
  start: number;
  end: number;
}

/** The row exists and its bytes do not: the folder is not shared between API and worker, or was emptied. */
export class FileMissingError extends Error {
  constructor(key: string, cause: unknown) {
    super(`the media file ${key} is missing from the store`, { cause });
    this.name = 'FileMissingError';
  }
}

/** Keeps a key from leading out of the store. */
export function assertKey(key: string): void {
  if (!/^[\w-]+(\/[\w-]+)*$/.test(key)) throw new Error(`not a storage key: ${key}`);
}
