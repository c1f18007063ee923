import { rotateKeys } from '@solospark/domain';
import { createLogger, messageOf } from '@solospark/foundation';
import { openContext, refuseUnusable } from '@solospark/runtime';
import { loadConfig } from './config.ts';

// `npm run keys:rotate`: re-encrypts all sealed values with the first of SEALING_KEYS.
try {
  const ctx = openContext(loadConfig(), {
    log: createLogger({ name: 'rotate-keys', level: 'warn' }),
    applicationName: 'solospark-rotate-keys',
  });
  try {
    await refuseUnusable(ctx, { required: true });
    const { channels, apps, connections } = await rotateKeys(ctx);
    process.stdout.write(
      `Sealed again with the key "${ctx.settings.keyring.current}": ${channels} channels, ${apps} apps, ` +
        `${connections} connections in progress.\n`,
    );
  } finally {
    await ctx.close();
  }
} catch (error) {
  process.stderr.write(`The rotation of the keys did not finish: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
