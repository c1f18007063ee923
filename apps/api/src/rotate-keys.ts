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
      `Sealed anew with the key "${ctx.settings.keyring.current}": ${channels} channels, ${apps} apps, ` +
        `${connections} connections that are being made.\n`,
    );
  } finally {
    await ctx.close();
  }
} catch (error) {
  process.stderr.write(`The keys were not rotated to the end: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
