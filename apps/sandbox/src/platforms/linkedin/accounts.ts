import { numberFromName, tokenFromName } from '../accounts.ts';

/** Handles that start with `org-` are organizations, whose tokens may read; all others are members, who may not. */
export const isOrganization = (handle: string) => handle.startsWith('org-');

const memberIdOf = (handle: string) => tokenFromName(`linkedin ${handle}`, 10);

/**
 * Who the token says it is. There, an organization is chosen by a member who administers it; here its token stands for
 * itself, and so does its URN.
 */
export const subjectOf = (handle: string) =>
  isOrganization(handle) ? authorUrnOf(handle) : memberIdOf(handle);

/** The URN that the account writes as. */
export function authorUrnOf(handle: string): string {
  return isOrganization(handle)
    ? `urn:li:organization:${numberFromName(`linkedin ${handle}`, 9)}`
    : `urn:li:person:${memberIdOf(handle)}`;
}

/** What the ID token and `userinfo` say of a member, as far as the scopes allow. */
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
