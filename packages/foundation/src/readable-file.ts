import { accessSync, constants, statSync } from 'node:fs';

/** Whether `path` is a file, not a folder, that this process may read. */
export function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
