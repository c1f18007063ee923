import { describeStopping } from './support/stopping.ts';

// Tests every way to stop `npm start`; see support/stopping.ts.

describeStopping(['start']);
