// @ts-check
// `npm run test:clients`: runs third-party client libraries, installed once on a machine (90 MB), against the sandbox and our API.
import { runAgainstServer } from '../real-server/main.mjs';
import { installClients } from './install.mjs';

await runAgainstServer({ installServer: installClients, file: new URL('run.ts', import.meta.url) });
