import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * The path of the program that a setting names: the setting itself if it is a path, otherwise the first match in the folders
 * of `searchPath`. Undefined when there is no such program, or the setting is empty.
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
