import type { Readable } from 'node:stream';

/**
 * Where the bytes of media lie: on a disk (disk-store.ts) or at a service that speaks S3 (s3-store.ts). The database has
 * the facts about them; this has only bytes under a key (letters, digits, `-`, `_`, `/`).
 *
 * Every call has a deadline, and so has every piece of a file that is read: what hangs, or cannot be reached, ends as a
 * `StoreUnavailableError`.
 */
export interface FileStore {
  /** Takes over the staged file at `path`. Complete under `key` or not there at all; the same key is replaced. */
  put(key: string, path: string): Promise<void>;
  /**
   * How large it is, and which version of it this is.
   * @throws FileMissingError
   */
  stat(key: string): Promise<StoredFile>;
  /**
   * The same, after reading all of it.
   * @throws FileMissingError
   */
  digest(key: string): Promise<StoredFile & { sha256: string }>;
  /**
   * All of it, or a part.
   * @param version if given, the one that it has to be still
   * @throws FileMissingError, FileChangedError
   */
  read(key: string, range?: ByteRange, version?: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * As it comes, of a file that has `byteSize` bytes.
   * @throws FileMissingError, FileChangedError before the first byte.
   */
  open(key: string, byteSize: number, range?: ByteRange): Promise<Readable>;
  /** What is not there is removed already. */
  remove(key: string): Promise<void>;
  /** Whether a file can be stored now, as it was seen within the last seconds. Answers within seconds. */
  state(): Promise<StoreState>;
  close(): void;
}

export interface StoredFile {
  byteSize: number;
  /** Another one as soon as the file was written to or replaced. */
  version: string;
}

/** Both inclusive, and both within the file. */
export interface ByteRange {
  start: number;
  end: number;
}

/** `away`: it hangs, cannot be reached, or will not have us. */
export type StoreState = 'up' | 'away' | 'full' | 'read_only';

/** The row exists and its bytes do not: the folder is not shared between API and worker, or was emptied. */
export class FileMissingError extends Error {
  constructor(key: string, cause: unknown) {
    super(`the media file ${key} is missing from the store`, { cause });
    this.name = 'FileMissingError';
  }
}

/** What lies there is not what was stored: shortened, written to, or replaced. */
export class FileChangedError extends Error {
  /** As part of a sentence, without the key. */
  readonly difference: string;
  constructor(key: string, difference: string) {
    super(`the media file ${key} is not what was stored: ${difference}`);
    this.name = 'FileChangedError';
    this.difference = difference;
  }
}

/** The store hangs, cannot be reached, is full, or takes nothing. Nobody's file is at fault, and no platform is. */
export class StoreUnavailableError extends Error {
  readonly state: Exclude<StoreState, 'up'>;
  constructor(state: Exclude<StoreState, 'up'>, detail: string, cause?: unknown) {
    super(`the media store is ${state === 'read_only' ? 'read-only' : state}: ${detail}`, { cause });
    this.name = 'StoreUnavailableError';
    this.state = state;
  }
}

/** Keeps a key from leading out of the store. */
export function assertKey(key: string): void {
  if (!/^[\w-]+(\/[\w-]+)*$/.test(key)) throw new Error(`not a storage key: ${key}`);
}

export function assertSize(key: string, file: { byteSize: number }, expected: number): void {
  if (file.byteSize === expected) return;
  throw new FileChangedError(key, `it has ${file.byteSize} bytes, and ${expected} were stored`);
}
