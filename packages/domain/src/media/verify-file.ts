import { FileChangedError, type FileStore } from '@solospark/storage';

/** A file of the store, as the database knows it. */
export interface KnownFile {
  key: string;
  byteSize: number;
  /** Null: an older version stored the file, and noted only its size. */
  sha256: string | null;
}

interface Verified {
  /** The version of each file that was found to be what was uploaded; the newest last. */
  versions: Map<string, string>;
  underWay: Map<string, Promise<string>>;
}

const MOST_REMEMBERED = 10_000;

const verifiedIn = new WeakMap<FileStore, Verified>();

/**
 * Compares a file with what was uploaded: its size each time, and its bytes once for each version of it, so that five
 * platforms, or ten tries, do not read a film ten times.
 *
 * @returns the version that was compared: only that version may be read
 * @throws FileMissingError, FileChangedError, StoreUnavailableError
 */
export async function verifyFile(files: FileStore, { key, byteSize, sha256 }: KnownFile): Promise<string> {
  const { versions, underWay } = verifiedOf(files);
  const stored = await files.stat(key);
  if (stored.byteSize !== byteSize) {
    throw new FileChangedError(key, `it has ${stored.byteSize} bytes, and ${byteSize} were stored`);
  }
  if (sha256 === null || versions.get(key) === stored.version) return stored.version;
  const reading = underWay.get(key) ?? compareBytes(files, key, sha256);
  underWay.set(key, reading);
  try {
    const version = await reading;
    versions.delete(key);
    versions.set(key, version);
    const [oldest] = versions.keys();
    if (versions.size > MOST_REMEMBERED && oldest !== undefined) versions.delete(oldest);
    return version;
  } finally {
    underWay.delete(key);
  }
}

async function compareBytes(files: FileStore, key: string, sha256: string): Promise<string> {
  const read = await files.digest(key);
  if (read.sha256 !== sha256) throw new FileChangedError(key, 'its bytes are not those that were stored');
  return read.version;
}

function verifiedOf(files: FileStore): Verified {
  const known = verifiedIn.get(files);
  if (known) return known;
  const fresh = { versions: new Map<string, string>(), underWay: new Map<string, Promise<string>>() };
  verifiedIn.set(files, fresh);
  return fresh;
}
