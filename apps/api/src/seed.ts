import { ConfigError, createLogger, messageOf } from '@solospark/foundation';
import { openContext, refuseUnusable } from '@solospark/runtime';
import { createAuth } from './auth.ts';
import { loadSeedConfig } from './config.ts';
import { seedDemo } from './seed-demo.ts';

// `npm run db:seed`: creates the demo organization and prints it as one line of JSON.
try {
  const config = loadSeedConfig();
  const ctx = openContext(config, {
    log: createLogger({ name: 'seed', level: 'warn' }),
    applicationName: 'solospark-seed',
  });
  try {
    await refuseUnusable(ctx, { required: true });
    const auth = createAuth({ db: ctx.db, secret: config.BETTER_AUTH_SECRET, baseUrl: config.PUBLIC_URL });
    const demo = await seedDemo(ctx, auth, { apiKey: config.DEMO_API_KEY });
    process.stdout.write(`${JSON.stringify(demo)}\n`);
  } finally {
    await ctx.close();
  }
} catch (error) {
  const hint = error instanceof ConfigError ? '' : 'The demo organization was not created: ';
  process.stderr.write(`${hint}${messageOf(error)}\n`);
  process.exitCode = 1;
}
