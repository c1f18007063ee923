import { createLogger } from '@solospark/foundation';
import closeWithGrace from 'close-with-grace';
import { buildSandbox } from './app.ts';
import { readConfig } from './config.ts';

const config = readConfig();
const log = createLogger({ name: 'sandbox', level: config.LOG_LEVEL });
const app = buildSandbox({ log });

closeWithGrace({ logger: false }, async ({ signal, err }) => {
  if (err) log.error({ err }, 'sandbox stops after an error');
  else log.info({ signal }, 'sandbox stops');
  await app.close();
});

await app.listen({ host: config.HOST, port: config.PORT });
// Tells a process manager, or the start script, that calls may come.
process.send?.('ready');
