import type { AccountCall, Publisher } from '@solospark/publishers';
import type { Context, Settings } from '../context.ts';

/** How long before the end we warn: enough to change to a newer version and test it. */
const WARNING_MS = 60 * 24 * 60 * 60 * 1000;

/** The version of a platform's API that we use, and until when the platform supports it. */
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

/** The part of a call to the platform that names the version. */
export function versionFor(
  { apiVersions }: Pick<Settings, 'apiVersions'>,
  platform: string,
): Pick<AccountCall, 'apiVersion'> {
  const apiVersion = apiVersions[platform];
  return apiVersion === undefined ? {} : { apiVersion };
}

/** The environment variable by which the operator overrides this build's version. */
export function apiVersionVariable(platform: string): string {
  return `${platform.toUpperCase()}_API_VERSION`;
}
