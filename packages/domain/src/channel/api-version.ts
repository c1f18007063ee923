import type { AccountCall, Publisher } from '@solospark/publishers';
import type { Context, Settings } from '../context.ts';

/** Long enough to take a newer version, and to see that it works. */
const WARNING_MS = 60 * 24 * 60 * 60 * 1000;

/** Which version of its API a platform is spoken to in, and for how long that is sure to be answered. */
export interface ApiVersionState {
  version: string;
  endsAt: Date;
  endsSoon: boolean;
}

/** Null for a platform whose calls name no version. */
export function describeApiVersion(
  ctx: Pick<Context, 'clock' | 'settings'>,
  { id, apiVersion }: Publisher,
): ApiVersionState | null {
  if (!apiVersion) return null;
  const version = ctx.settings.apiVersions[id] ?? apiVersion.default;
  const endsAt = apiVersion.endsAt(version);
  if (!endsAt) return null;
  return { version, endsAt, endsSoon: endsAt.getTime() - ctx.clock.now().getTime() < WARNING_MS };
}

/** What a call to the platform carries of it. */
export function versionFor(
  { apiVersions }: Pick<Settings, 'apiVersions'>,
  platform: string,
): Pick<AccountCall, 'apiVersion'> {
  const apiVersion = apiVersions[platform];
  return apiVersion === undefined ? {} : { apiVersion };
}

/** The variable by which the operator sets another one than this build's. */
export function apiVersionVariable(platform: string): string {
  return `${platform.toUpperCase()}_API_VERSION`;
}
