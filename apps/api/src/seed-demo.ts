import { connectSandboxChannel, DomainError, listChannels, organizationOfKey } from '@solospark/domain';
import type { OpenedContext } from '@solospark/runtime';
import type { Auth } from './auth.ts';

/** `id`: the document's examples name it, so that they work on a stack that `npm start` has made. */
const DEMO = { id: 'demo', email: 'demo@solospark.invalid', name: 'Demo', slug: 'demo', handle: 'demo' };

export interface Demo {
  organizationId: string;
  apiKey: string;
  channels: { id: string; platform: string }[];
}

/**
 * A demo organization with one sandbox channel for each platform and an API key. Idempotent: what is there stays, and
 * `apiKey` is kept if it still opens the demo organization (a key is stored as a hash, so a lost one is replaced).
 */
export async function seedDemo(
  ctx: OpenedContext,
  auth: Auth,
  options: { apiKey?: string | undefined } = {},
): Promise<Demo> {
  const userId = await demoUser(ctx);
  const organizationId = await demoOrganization(ctx, userId);
  const existing = await listChannels(ctx, { organizationId });
  for (const platform of ctx.platforms) {
    // Also one that a person has disconnected: connecting it would undo that.
    if (existing.some((channel) => channel.platform === platform && channel.handle === DEMO.handle)) continue;
    try {
      await connectSandboxChannel(ctx, { organizationId, platform, handle: DEMO.handle });
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'channel_exists')) throw error;
    }
  }
  const channels = await listChannels(ctx, { organizationId });
  const kept = options.apiKey !== undefined && (await opens(ctx, options.apiKey, organizationId));
  const apiKey = kept ? options.apiKey : await createKey(auth, { organizationId, userId });
  return {
    organizationId,
    apiKey: apiKey ?? '',
    channels: channels.map(({ id, platform }) => ({ id, platform })),
  };
}

async function opens(ctx: OpenedContext, apiKey: string, organizationId: string): Promise<boolean> {
  return (await organizationOfKey(ctx, apiKey)) === organizationId;
}

async function demoUser(ctx: OpenedContext): Promise<string> {
  const { email, name } = DEMO;
  const user = await ctx.db.prisma.user.upsert({
    where: { email },
    create: { id: crypto.randomUUID(), email, name, emailVerified: true },
    update: {},
  });
  return user.id;
}

async function demoOrganization(ctx: OpenedContext, userId: string): Promise<string> {
  const { id, name, slug } = DEMO;
  // better-auth would give it an id of its own. One that was made before keeps the one that it has.
  const owner = { id: crypto.randomUUID(), userId, role: 'owner' };
  const organization = await ctx.db.prisma.organization.upsert({
    where: { slug },
    create: { id, name, slug, members: { create: owner } },
    update: {},
  });
  return organization.id;
}

async function createKey(auth: Auth, owner: { organizationId: string; userId: string }): Promise<string> {
  const created = await auth.api.createApiKey({ body: { name: 'demo', ...owner } });
  return created.key;
}
