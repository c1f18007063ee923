import { unseal, seal } from '@solospark/foundation';
import { findAppsSealedOtherwise, replaceAppSeal } from '../connection/platform-app.repository.ts';
import { secretContext } from '../connection/find-app.ts';
import type { Context } from '../context.ts';
import { sealCredentials, unsealCredentials } from './channel.ts';
import { findSealedOtherwise, replaceSeal } from './credentials.repository.ts';

const BATCH = 500;

/**
 * Seals everything anew that is sealed with another key than the current one, while API and workers run. Afterwards the
 * older keys can be taken out of SEALING_KEYS, once no process with the older setting runs any more: it would go on
 * sealing with its own. May be stopped and started again at any time.
 *
 * @throws SealError for what no configured key opens; what comes before it has been sealed anew.
 */
export async function rotateKeys(
  ctx: Pick<Context, 'db' | 'settings'>,
): Promise<{ channels: number; apps: number }> {
  const { keyring } = ctx.settings;
  const options = { keyId: keyring.current, limit: BATCH };
  const resealed = { channels: 0, apps: 0 };
  for (;;) {
    const channels = await findSealedOtherwise(ctx.db, options);
    for (const channel of channels) {
      const credentials = unsealCredentials(keyring, channel);
      await replaceSeal(ctx.db, { ...channel, resealed: sealCredentials(keyring, channel, credentials) });
    }
    const apps = await findAppsSealedOtherwise(ctx.db, options);
    for (const app of apps) {
      const context = secretContext(app);
      const again = seal(keyring, unseal(keyring, app.sealedSecret, context), context);
      await replaceAppSeal(ctx.db, { ...app, resealed: again });
    }
    resealed.channels += channels.length;
    resealed.apps += apps.length;
    if (channels.length + apps.length === 0) return resealed;
  }
}
