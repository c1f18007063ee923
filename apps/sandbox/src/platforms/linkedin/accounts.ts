import { numberFromName, tokenFromName } from '../accounts.ts';

/** Handles that start with `org-` are organizations, whose tokens may read. All others are members, whose tokens may not. */
export const isOrganization = (handle: string) => handle.startsWith('org-');

const memberIdOf = (handle: string) => tokenFromName(`linkedin ${handle}`, 10);

/**
 * The subject of a token. On LinkedIn an organization posts with the token of a member who administers it; here it has a token
 * and a subject of its own.
 */
export const subjectOf = (handle: string) =>
  isOrganization(handle) ? authorUrnOf(handle) : memberIdOf(handle);

/** The author URN of the account's posts. */
export function authorUrnOf(handle: string): string {
  return isOrganization(handle)
    ? `urn:li:organization:${numberFromName(`linkedin ${handle}`, 9)}`
    : `urn:li:person:${memberIdOf(handle)}`;
}

/** The claims of a member in the ID token and in `userinfo`, as far as the scopes allow. */
export function profileOf(handle: string, scopes: readonly string[]): Record<string, unknown> {
  return {
    sub: subjectOf(handle),
    ...(scopes.includes('profile') && {
      name: handle,
      given_name: handle,
      family_name: 'Sandbox',
      locale: { country: 'US', language: 'en' },
    }),
    ...(scopes.includes('email') && { email: `${handle}@sandbox.example`, email_verified: true }),
  };
}
