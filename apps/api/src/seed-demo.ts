import { connectSandboxChannel, DomainError, listChannels, organizationOfKey } from '@solospark/domain';
import type { OpenedContext } from '@solospark/runtime';
import type { Auth } from './auth.ts';

/** The examples of the OpenAPI document use this `id`, so that they work on a stack that `npm start` made. */
const DEMO = { id: 'demo', email: 'demo@solospark.invalid', name: 'Demo', slug: 'demo', handle: 'demo' };

export interface Demo {
  organizationId: string;
  apiKey: string;
  channels: { id: string; platform: string }[];
}

/**
 * Creates a demo organization with one sandbox channel per platform and an API key. Idempotent: existing rows stay, and
 * `apiKey` is kept while it is valid for the demo organization. Keys are stored as hashes, so a lost key is replaced.
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
    // Also a disconnected channel is skipped: connecting it again would undo what a person did.
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
  // Not by better-auth, which would choose the id. An existing organization keeps its id.
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
