import { describeStopping } from './support/stopping.ts';

// Two ways to stop `npm start`: a supervisor's, and the one of which no process is told. stopping.nightly.test.ts tests them all.

describeStopping(
  ['start'],
  [
    { signal: 'SIGTERM', target: 'npm' },
    { signal: 'SIGKILL', target: "npm's child" },
  ],
);
