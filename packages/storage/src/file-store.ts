import type { Readable } from 'node:stream';

/**
 * Stores the bytes of media files: on a disk (disk-store.ts) or in an S3 service (s3-store.ts). The facts about them are in
 * the database; the store only has bytes under a key (letters, digits, `-`, `_`, `/`).
 *
 * Every call has a deadline, and so has every piece of a file that is read. A store that hangs or cannot be reached throws
 * a `StoreUnavailableError`.
 */
export interface FileStore {
  /** Moves the staged file at `path` to `key`, atomically: complete or not at all. Replaces what `key` had before. */
  put(key: string, path: string): Promise<void>;
  /**
   * Size and version of the file.
   * @throws FileMissingError
   */
  stat(key: string): Promise<StoredFile>;
  /**
   * Size, version and hash, after reading the whole file.
   * @throws FileMissingError
   */
  digest(key: string): Promise<StoredFile & { sha256: string }>;
  /**
   * Reads the whole file, or a range of it.
   * @param version if given, the file must still have this version
   * @throws FileMissingError, FileChangedError
   */
  read(key: string, range?: ByteRange, version?: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Streams a file that has to have `byteSize` bytes, or a range of it.
   * @throws FileMissingError, FileChangedError before the first byte.
   */
  open(key: string, byteSize: number, range?: ByteRange): Promise<Readable>;
  /** Idempotent: a file that is not there counts as removed. */
  remove(key: string): Promise<void>;
  /** Whether a file can be stored, as seen within the last seconds. Answers within seconds. */
  state(): Promise<StoreState>;
  close(): void;
}

export interface StoredFile {
  byteSize: number;
  /** Changes when the file is written to or replaced. */
  version: string;
}

/** `start` and `end` are both inclusive, and both within the file. */
export interface ByteRange {
  start: number;
  end: number;
}

/** `away`: it hangs, cannot be reached, or refuses our credentials. */
export type StoreState = 'up' | 'away' | 'full' | 'read_only';

/** A file is missing from the store: for example, the folder is not shared between API and worker, or was emptied. */
export class FileMissingError extends Error {
  constructor(key: string, cause: unknown) {
    super(`the media file ${key} is missing from the store`, { cause });
    this.name = 'FileMissingError';
  }
}

/** A file is not what was stored: it was shortened, written to, or replaced. */
export class FileChangedError extends Error {
  /** As part of a sentence, without the key. */
  readonly difference: string;
  constructor(key: string, difference: string) {
    super(`the media file ${key} is not what was stored: ${difference}`);
    this.name = 'FileChangedError';
    this.difference = difference;
  }
}

/** The store hangs, cannot be reached, is full, or is read-only. The fault is not in the file, and not at a platform. */
export class StoreUnavailableError extends Error {
  readonly state: Exclude<StoreState, 'up'>;
  constructor(state: Exclude<StoreState, 'up'>, detail: string, cause?: unknown) {
    super(`the media store is ${state === 'read_only' ? 'read-only' : state}: ${detail}`, { cause });
    this.name = 'StoreUnavailableError';
    this.state = state;
  }
}

/** Refuses keys that would lead out of the store. */
export function assertKey(key: string): void {
  if (!/^[\w-]+(\/[\w-]+)*$/.test(key)) throw new Error(`not a storage key: ${key}`);
}

export function assertSize(key: string, file: { byteSize: number }, expected: number): void {
  if (file.byteSize === expected) return;
  throw new FileChangedError(key, `it has ${file.byteSize} bytes, and ${expected} were stored`);
}
