/**
 * What leaves nothing to see on a page, whatever the font: white space, control characters, all that Unicode says to ignore
 * when it cannot be shown (zero-width characters, joiners, direction marks, variation selectors, tags, fillers of Hangul), and
 * what has a name that says so: the blank of Braille, the filler of Khitan, the null note head, the marks of an annotation, the
 * place of an object that is not there, and what is no character at all.
 */
const INVISIBLE = String.raw`\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u{16fe4}\u2800\u{1d159}\ufff9-\ufffc`;
const VISIBLE = new RegExp(`[^${INVISIBLE}]`, 'u');

/** Whether a reader sees anything of it. Invisible characters inside a text stay: emoji and scripts are joined by them. */
export function hasVisibleText(text: string): boolean {
  return VISIBLE.test(text);
}
