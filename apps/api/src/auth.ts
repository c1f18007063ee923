import { apiKey } from '@better-auth/api-key';
import type { Database } from '@solospark/db';
import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { organization } from 'better-auth/plugins';

/**
 * Who is asking. Organizations, members and API keys are better-auth's; its sign-up routes are not mounted yet, so
 * today an organization's key is the only way in.
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
        // Its default is ten requests a day.
        rateLimit: { enabled: false },
      }),
    ],
  });
}

export type Auth = ReturnType<typeof createAuth>;
