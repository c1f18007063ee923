/** Minutes each: for `npm run test:nightly`, and not for the gate. */
const nightly = process.env.NIGHTLY === 'true';

/** One configuration for every room. Workspace packages are run from source, through the "source" condition. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: nightly
    ? ['<rootDir>/{apps,packages}/*/test/**/*.nightly.test.ts', '<rootDir>/test/*.nightly.test.ts']
    : [
        '<rootDir>/{apps,packages}/*/test/**/*.test.ts',
        '<rootDir>/test/**/*.test.ts',
        '!**/*.nightly.test.ts',
      ],
  modulePathIgnorePatterns: ['/dist/', '/bundle/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2023',
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  // Each test file leaves some of its modules behind in its worker, and collecting garbage takes longer and longer.
  workerIdleMemoryLimit: '700MB',
  // Generous: a test waits for a condition, and this only ends one that hangs.
  testTimeout: 60_000,
};
