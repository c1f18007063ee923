import { isReachableFromOutside, publishers } from '@solospark/publishers';
import type { Context } from '@solospark/domain';

/**
 * Says at start when a platform that fetches a post's files itself could not reach them: it is given their links at PUBLIC_URL.
 * The sandbox runs on the same machine, so this is about platforms at which the operator has registered an app.
 */
export function warnAboutPublicUrl({ settings, log }: Pick<Context, 'settings' | 'log'>): void {
  if (isReachableFromOutside(settings.publicUrl)) return;
  const platforms = publishers.filter(({ id, fetchesMedia }) => fetchesMedia && settings.apps[id]);
  if (platforms.length === 0) return;
  log.warn(
    {
      publicUrl: settings.publicUrl,
      platforms: platforms.map(({ id }) => id),
      todo: 'set PUBLIC_URL to an address of the API on the public internet',
    },
    'PUBLIC_URL cannot be reached from outside: posts with files will fail on these platforms',
  );
}
