// @ts-check
// `npm run test:bluesky`: installs Bluesky's own server (250 MB and a minute, once on a machine), and publishes to it. Needs gcc,
// make and python3.
import { runAgainstServer } from '../real-server/main.mjs';
import { installServer } from './install.mjs';

await runAgainstServer({ installServer, file: new URL('run.ts', import.meta.url) });
