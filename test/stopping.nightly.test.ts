import { describeStopping } from './support/stopping.ts';

// Tests every way to stop the commands that keep running.

describeStopping(['start', 'demo', 'worker', 'worker:dev']);
