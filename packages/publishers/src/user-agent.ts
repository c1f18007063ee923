import { VERSION } from '@solospark/foundation';

/**
 * Who is asking, for those who run what is asked: the product, its version, and where they can write about it.
 * @param contact an address of this installation's operator
 */
export function userAgent(contact?: string): string {
  return contact === undefined ? `SoloSpark/${VERSION}` : `SoloSpark/${VERSION} (+${contact})`;
}
