import { isReachableFromOutside } from '../public-hosts.ts';
import type { PublishCall } from '../publisher.ts';
import { parseUrl } from '@solospark/foundation';

/** The reason for a file that Instagram could not fetch. It names the address, so that the operator can check it. */
export async function unfetchedReason(call: PublishCall): Promise<string> {
  const link = (await call.media[0]?.publicUrl()) ?? '';
  const origin = parseUrl(link)?.origin ?? 'this server';
  if (!isReachableFromOutside(link)) {
    return (
      `Instagram fetches the files of a post from this server, and was given ${origin} (PUBLIC_URL), which only this machine or its ` +
      'own network can reach. Nothing was published. Ask whoever runs this server to set PUBLIC_URL to an address on the ' +
      'public internet; then retry the post.'
    );
  }
  return (
    `Instagram could not fetch a file of this post from this server (${origin}, PUBLIC_URL), where it can be fetched. Nothing was ` +
    'published; it is tried again by itself. If that goes on, ask whoever runs this server whether PUBLIC_URL can be ' +
    'reached from outside.'
  );
}
