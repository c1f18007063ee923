// @ts-check
// `npm run test:snac`: unpacks snac, a small server with Mastodon's API, from Debian's package in this folder, and publishes to it.
import { runAgainstServer } from '../real-server/main.mjs';
import { installServer } from './install.mjs';

await runAgainstServer({ installServer, file: new URL('run.ts', import.meta.url) });
