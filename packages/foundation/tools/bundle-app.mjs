#!/usr/bin/env node
// @ts-check
// `bundle-app`, run in an app's folder after tsc, bundles dist/main.js and its imports into one file, bundle/main.js. Loading
// sixteen hundred small files costs a process two seconds of CPU time before it can publish; loading one file, half a second.
import { build } from 'esbuild';

/** Packages that read files next to their own code. They are not bundled; an app that uses one has it as a dependency. */
const OUTSIDE = ['@fastify/swagger-ui', 'sharp'];

await build({
  entryPoints: ['dist/main.js'],
  outfile: 'bundle/main.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: OUTSIDE,
  // CommonJS libraries load Node's built-in modules with `require`.
  banner: {
    js: `import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);`,
  },
  legalComments: 'eof',
  logLevel: 'warning',
});
