import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * Where the program is that a setting names: as it stands where that is a path, else in the folders of `searchPath`. Undefined
 * where there is none, or the setting is empty.
 */
export function findFfmpeg(setting: string, searchPath: string): string | undefined {
  if (setting === '') return undefined;
  if (setting.includes('/')) return isProgram(setting) ? setting : undefined;
  const folders = searchPath.split(delimiter).filter(isAbsolute);
  return folders.map((folder) => join(folder, setting)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
