/**
 * Characters that show nothing in any font: white space, control characters, noncharacters, and everything that Unicode
 * says to ignore when it cannot be shown (zero-width characters, joiners, direction marks, variation selectors, tags,
 * Hangul fillers). Also the Khitan filler, the blank Braille pattern, the null note head, the annotation marks, and the
 * object replacement character.
 */
const INVISIBLE = String.raw`\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u{16fe4}\u2800\u{1d159}\ufff9-\ufffc`;
const VISIBLE = new RegExp(`[^${INVISIBLE}]`, 'u');

/** Whether a reader sees anything of the text. Invisible characters in it are allowed: emoji and some scripts need them. */
export function hasVisibleText(text: string): boolean {
  return VISIBLE.test(text);
}
