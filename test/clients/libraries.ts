import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { clientsFolder } from './install.mjs';

const { resolve } = createRequire(join(clientsFolder, 'package.json'));

/** Loads a library that is installed outside of the workspace. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- its types are not available here; tests assert on its results
export async function load(name: string): Promise<any> {
  return import(pathToFileURL(resolve(name)).href);
}
