import { describeStopping } from './support/stopping.ts';

// Whoever ends `npm start`, and however: nothing of it lives on.

describeStopping(['start']);
