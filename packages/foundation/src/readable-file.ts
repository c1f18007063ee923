import { accessSync, constants, statSync } from 'node:fs';

/** Whether there is a file, which is no folder, that this process may read. */
export function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
