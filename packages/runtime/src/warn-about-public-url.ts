import { isReachableFromOutside, publishers } from '@solospark/publishers';
import type { Context } from '@solospark/domain';

/**
 * Warns at start when PUBLIC_URL is not reachable from the internet and a platform fetches a post's files from it. The sandbox
 * runs on the same machine, so only platforms with an OAuth client of the operator count.
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
