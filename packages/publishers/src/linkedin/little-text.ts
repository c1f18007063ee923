/**
 * Escapes a text for `commentary`, which is markup ("little text"). LinkedIn silently cuts a post, with a 201, at a reserved
 * character that is neither markup nor escaped. So every reserved character is escaped. One exception: a plain hashtag (`#word`
 * of letters and digits, surrounded by spaces or punctuation) stays, as LinkedIn documents it. A hashtag with an underscore is
 * escaped, because the underscore must be.
 */
export function toLittleText(text: string): string {
  return text.replace(HASHTAG_OR_RESERVED, (found) => (found.length > 1 ? found : `\\${found}`));
}

/** A hashtag has a letter, follows a space or the start, and ends before a space, plain punctuation or the end. */
const HASHTAG_OR_RESERVED =
  /(?<=^|\s)#(?=\p{N}*\p{L})[\p{L}\p{M}\p{N}]+(?=$|[\s.,;:!?'"…)])|[|{}@[\]()<>#\\*_~]/gu;

/** The text that readers see: without escapes, and with LinkedIn's markup for hashtags and mentions as plain words. */
export function fromLittleText(commentary: string): string {
  return commentary.replace(
    ESCAPE_OR_MARKUP,
    (_, escaped?: string, hashtag?: string, mention?: string) =>
      escaped ?? (hashtag === undefined ? fromLittleText(mention ?? '') : `#${fromLittleText(hashtag)}`),
  );
}

const ESCAPE_OR_MARKUP =
  /\\(.)|\{hashtag\|\\?#\|((?:\\.|[^|{}\\])+)\}|@\[((?:\\.|[^[\]\\])+)\]\(urn:li:[\w:-]+\)/gsu;
