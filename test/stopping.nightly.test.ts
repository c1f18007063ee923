import { describeStopping } from './support/stopping.ts';

// The same of everything else that keeps running: some minutes, which the gate does not have.

describeStopping(['demo', 'worker', 'worker:dev']);
