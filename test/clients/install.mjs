// @ts-check
import { fileURLToPath } from 'node:url';
import { step } from '../../scripts/lib/report.mjs';
import { asideFolder } from '../support/install-aside.mjs';

const { folder, install } = asideFolder({
  name: 'clients',
  what: 'the client libraries',
  manifests: ['package.json', 'package-lock.json'].map((name) => ({
    name,
    path: fileURLToPath(new URL(name, import.meta.url)),
  })),
});

/** The folder of the libraries, which may not exist yet. */
export const clientsFolder = folder;

export const installClients = (/** @type {AbortSignal} */ signal) =>
  install(signal, (inFolder) =>
    step('Installing the client libraries', () =>
      inFolder('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
    ),
  );
