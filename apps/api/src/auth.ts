import { apiKey } from '@better-auth/api-key';
import type { Database } from '@solospark/db';
import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { organization } from 'better-auth/plugins';

/**
 * Authentication. better-auth keeps organizations, members and API keys. Its sign-up routes are not mounted yet, so an
 * organization's API key is the only way to authenticate today.
 */
export function createAuth(options: { db: Database; secret: string; baseUrl: string }) {
  return betterAuth({
    baseURL: options.baseUrl,
    secret: options.secret,
    database: prismaAdapter(options.db.prisma, { provider: 'postgresql' }),
    telemetry: { enabled: false },
    plugins: [
      organization(),
      apiKey({
        references: 'organization',
        defaultPrefix: 'ss_',
        // The default of better-auth is ten requests a day.
        rateLimit: { enabled: false },
      }),
    ],
  });
}

export type Auth = ReturnType<typeof createAuth>;
