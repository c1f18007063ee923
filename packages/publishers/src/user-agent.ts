import { VERSION } from '@solospark/foundation';

/**
 * The user agent, for the operators of other servers: product, version, and a contact.
 * @param contact an address of this installation's operator
 */
export function userAgent(contact?: string): string {
  return contact === undefined ? `SoloSpark/${VERSION}` : `SoloSpark/${VERSION} (+${contact})`;
}
