import { seal, unseal, type Keyring } from '@solospark/foundation';
import type { Credentials, Publisher } from '@solospark/publishers';

/** `disabled`: disconnected by a person. Only an active one can be posted to. */
export type ChannelStatus = 'active' | 'needs_reconnect' | 'disabled';

/** Credentials are sealed for one channel of one organization: moved to another row they do not open. */
function sealContext(channel: { organizationId: string; id: string }): string {
  return `organization:${channel.organizationId} channel:${channel.id}`;
}

export function sealCredentials(
  keyring: Keyring,
  channel: { organizationId: string; id: string },
  credentials: Credentials,
): string {
  return seal(keyring, JSON.stringify(credentials), sealContext(channel));
}

/** @throws SealError when the row was altered, moved, or sealed with a key that is no longer configured. */
export function unsealCredentials(
  keyring: Keyring,
  channel: { organizationId: string; id: string; sealedCredentials: string },
): Credentials {
  return JSON.parse(unseal(keyring, channel.sealedCredentials, sealContext(channel))) as Credentials;
}

/** Where the channel's platform answers: the platform itself, or its stand-in in the sandbox. Null: no sandbox runs. */
export function baseUrlOf(
  publisher: Publisher,
  channel: { sandbox: boolean },
  sandboxUrl: string | null,
): string | null {
  if (!channel.sandbox) return publisher.baseUrl;
  return sandboxUrl === null ? null : `${sandboxUrl}/${publisher.id}`;
}
