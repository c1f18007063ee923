#!/usr/bin/env node
// @ts-check
// `bundle-app`, in an app's folder after tsc: makes one file, bundle/main.js, of dist/main.js and all that it imports. A process
// that loads sixteen hundred small files needs two seconds of a processor before it can publish anything; one that loads
// a single file, half a second.
import { build } from 'esbuild';

/** What reads files that lie beside it stays where it is. An app that calls it has it among its own dependencies. */
const OUTSIDE = ['@fastify/swagger-ui', 'sharp'];

await build({
  entryPoints: ['dist/main.js'],
  outfile: 'bundle/main.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: OUTSIDE,
  // Libraries of the older module system ask for Node's own modules with it.
  banner: {
    js: `import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);`,
  },
  legalComments: 'eof',
  logLevel: 'warning',
});
