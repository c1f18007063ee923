import type { Database } from '@solospark/db';
import type { Clock, Keyring, Logger } from '@solospark/foundation';
import type { OAuthClient, Publisher, Rates } from '@solospark/publishers';
import type { Queues } from '@solospark/queue';
import type { FileStore, Staging } from '@solospark/storage';

/** What every use case is given. Built once per process by a door (apps/api, apps/worker, a script). */
export interface Context {
  db: Database;
  queues: Queues;
  files: FileStore;
  /** Where uploads are on the local disk until they are in `files`. */
  staging: Staging;
  /** The ids of all platforms that this build knows. */
  platforms: string[];
  /** Undefined for a platform that this build does not know. */
  findPublisher(platform: string): Publisher | undefined;
  clock: Clock;
  log: Logger;
  settings: Settings;
}

export interface Settings {
  /** Seals channel credentials. */
  keyring: Keyring;
  /** Signs the URLs under which platforms and browsers fetch media. */
  mediaSigningKey: string;
  /** The API's address as the platforms reach it, without a trailing slash. */
  publicUrl: string;
  /** Where those who run a platform can contact those who run this installation. */
  contactUrl: string;
  /** The OAuth clients that the operator has registered, by platform. */
  apps: Record<string, OAuthClient>;
  /** API versions that the operator set instead of this build's, by platform. */
  apiVersions: Record<string, string>;
  /** True: an author's server may be at an address that is not public. */
  allowPrivateServers: boolean;
  /** Budgets that the operator set instead of the platforms' own, by platform. */
  rates: Record<string, Partial<Rates>>;
  /** The program that converts videos; null where there is none. */
  ffmpeg: string | null;
  /** The platform sandbox's address; null where there is none. */
  sandboxUrl: string | null;
}
