import { unseal, seal, type Keyring } from '@solospark/foundation';
import { verifierContext } from './connection.ts';
import {
  findVerifiersSealedOtherwise,
  forgetSpentVerifiers,
  replaceVerifierSeal,
} from './connection.repository.ts';
import { findAppsSealedOtherwise, replaceAppSeal } from '../channel/platform-app.repository.ts';
import { secretContext } from '../channel/find-oauth-client.ts';
import type { Context } from '../context.ts';
import { sealCredentials, unsealCredentials } from '../channel/channel.ts';
import { findSealedOtherwise, replaceSeal } from '../channel/credentials.repository.ts';

const BATCH = 500;

/**
 * Seals everything again that is sealed with another key than the current one, while API and workers run. Afterwards the
 * older keys can be taken out of SEALING_KEYS, once no process with the older setting runs any more: it would go on sealing
 * with its own. May be stopped and started again at any time. The verifiers of connections that are over are deleted instead.
 *
 * @throws SealError if no configured key opens a value; the values before it have been sealed again.
 */
export async function rotateKeys(
  ctx: Pick<Context, 'db' | 'settings'>,
): Promise<{ channels: number; apps: number; connections: number }> {
  await forgetSpentVerifiers(ctx.db);
  const resealed = { channels: 0, apps: 0, connections: 0 };
  for (;;) {
    const channels = await resealChannels(ctx);
    const apps = await resealApps(ctx);
    const connections = await resealConnections(ctx);
    resealed.channels += channels;
    resealed.apps += apps;
    resealed.connections += connections;
    if (channels + apps + connections === 0) return resealed;
  }
}

// One function for every sealed column of the database. Each handles one batch, and returns how many rows it had.

async function resealChannels({ db, settings }: Pick<Context, 'db' | 'settings'>): Promise<number> {
  const { keyring } = settings;
  const channels = await findSealedOtherwise(db, batchOf(keyring));
  for (const channel of channels) {
    const credentials = unsealCredentials(keyring, channel);
    await replaceSeal(db, { ...channel, resealed: sealCredentials(keyring, channel, credentials) });
  }
  return channels.length;
}

async function resealApps({ db, settings }: Pick<Context, 'db' | 'settings'>): Promise<number> {
  const apps = await findAppsSealedOtherwise(db, batchOf(settings.keyring));
  for (const app of apps) {
    const resealed = sealAnew(settings.keyring, app.sealedSecret, secretContext(app));
    await replaceAppSeal(db, { ...app, resealed });
  }
  return apps.length;
}

async function resealConnections({ db, settings }: Pick<Context, 'db' | 'settings'>): Promise<number> {
  const connections = await findVerifiersSealedOtherwise(db, batchOf(settings.keyring));
  for (const connection of connections) {
    const resealed = sealAnew(settings.keyring, connection.sealedVerifier, verifierContext(connection.id));
    await replaceVerifierSeal(db, { ...connection, resealed });
  }
  return connections.length;
}

function batchOf(keyring: Keyring): { keyId: string; limit: number } {
  return { keyId: keyring.current, limit: BATCH };
}

function sealAnew(keyring: Keyring, sealed: string, context: string): string {
  return seal(keyring, unseal(keyring, sealed, context), context);
}
