/**
 * `commentary` is "little text": markup. LinkedIn cuts a post silently, with a 201, at a reserved character that is
 * neither markup nor escaped. So every reserved character is escaped, whatever stands around it, with one exception:
 * a plain hashtag (`#word`, letters and digits, standing free) is markup that LinkedIn documents, and stays one. A
 * hashtag with an underscore does not, since the underscore would have to be escaped inside of it.
 */
export function toLittleText(text: string): string {
  return text.replace(HASHTAG_OR_RESERVED, (found) => (found.length > 1 ? found : `\\${found}`));
}

/** A hashtag has a letter; it follows a space or the start, and ends at a space, plain punctuation, or the end. */
const HASHTAG_OR_RESERVED =
  /(?<=^|\s)#(?=\p{N}*\p{L})[\p{L}\p{M}\p{N}]+(?=$|[\s.,;:!?'"…)])|[|{}@[\]()<>#\\*_~]/gu;

/** What a reader sees: escapes undone, hashtags and mentions of LinkedIn's own notation as their words. */
export function fromLittleText(commentary: string): string {
  return commentary.replace(
    ESCAPE_OR_MARKUP,
    (_, escaped?: string, hashtag?: string, mention?: string) =>
      escaped ?? (hashtag === undefined ? fromLittleText(mention ?? '') : `#${fromLittleText(hashtag)}`),
  );
}

const ESCAPE_OR_MARKUP =
  /\\(.)|\{hashtag\|\\?#\|((?:\\.|[^|{}\\])+)\}|@\[((?:\\.|[^[\]\\])+)\]\(urn:li:[\w:-]+\)/gsu;
