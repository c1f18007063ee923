import { numberFromName, tokenFromName } from '../accounts.ts';

/** Handles that start with `org-` are organizations, whose tokens may read; all others are members, who may not. */
export const isOrganization = (handle: string) => handle.startsWith('org-');

export const memberIdOf = (handle: string) => tokenFromName(`linkedin ${handle}`, 10);

/** The URN that the account writes as. */
export function authorUrnOf(handle: string): string {
  return isOrganization(handle)
    ? `urn:li:organization:${numberFromName(`linkedin ${handle}`, 9)}`
    : `urn:li:person:${memberIdOf(handle)}`;
}
