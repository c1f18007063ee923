import { describeStopping } from './support/stopping.ts';

// Tests every way to stop the other commands that keep running. It takes minutes, so `npm test` leaves it out.

describeStopping(['demo', 'worker', 'worker:dev']);
