import { seal, unseal, type Keyring } from '@solospark/foundation';
import type { Credentials, Publisher } from '@solospark/publishers';

/** `disabled`: disconnected by a person. Only an active one can be posted to. */
export type ChannelStatus = 'active' | 'needs_reconnect' | 'disabled';

/** What is needed to call the platform of a channel. */
export interface SealedChannel {
  id: string;
  organizationId: string;
  platform: string;
  server: string;
  sandbox: boolean;
  status: ChannelStatus;
  sealedCredentials: string;
  /** Raised whenever the channel gets new credentials. */
  credentialsVersion: number;
}

/** Credentials are sealed for one channel of one organization: copied to another row they cannot be unsealed. */
function sealContext(channel: { organizationId: string; id: string }): string {
  return `organization:${channel.organizationId} channel:${channel.id}`;
}

/**
 * Whether the platform renews these credentials without their author. Some platforms give a refresh token only to some apps.
 */
export function isRefreshable(publisher: Publisher, credentials: Credentials): boolean {
  return publisher.connection.refresh !== null && credentials.refreshToken !== undefined;
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

/** A connection that ends within this time gets a warning: its author has to act. */
export const EXPIRY_WARNING_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Credentials are renewed when three quarters of their life are over, and at least once a week: some platforms expire idle
 * tokens.
 */
const RENEWED_AFTER = 0.75;
const LONGEST_IDLE_MS = 7 * 24 * 60 * 60 * 1000;

/** When a channel's credentials are renewed, and when they end in spite of that. Null: never. */
export interface CredentialDates {
  refreshAt: Date | null;
  expiresAt: Date | null;
}

export function datesOf(publisher: Publisher, credentials: Credentials, now: Date): CredentialDates {
  const end = dateOf(credentials.expiresAt);
  if (!isRefreshable(publisher, credentials)) return { refreshAt: null, expiresAt: end };
  const idleMs = end ? (end.getTime() - now.getTime()) * RENEWED_AFTER : LONGEST_IDLE_MS;
  return {
    refreshAt: new Date(now.getTime() + Math.min(LONGEST_IDLE_MS, idleMs)),
    // Where each renewal gives a new refresh token, each renewal moves this date.
    expiresAt: dateOf(credentials.refreshExpiresAt),
  };
}

function dateOf(instant: string | undefined): Date | null {
  return instant === undefined ? null : new Date(instant);
}
