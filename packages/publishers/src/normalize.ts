/**
 * The same text in one of Unicode's normal forms, in time that grows with its length. Marks that follow one another are sorted
 * by `normalize` with work that grows with the square of their number, and a hostile server may list a text that is nothing
 * else. So after thirty of them a joiner is put, as the Stream-Safe Text Process does (UAX #15, section 13): no language needs more.
 */
export function normalizeText(text: string, form: 'NFC' | 'NFKC' = 'NFC'): string {
  return text.replace(/\p{M}{30}(?=\p{M})/gu, '$&\u034f').normalize(form);
}

/**
 * The same text whatever a platform did to its white space, for every look-up: one form of Unicode (NFC), lines that end with
 * LF, one plain space for any run of spaces, none at the ends of a line, one empty line at most, and nothing of no width that
 * separates words (U+200B, U+2060, the byte order mark). Joiners stay: they make emoji and some scripts. Works in linear time.
 */
export function levelText(text: string): string {
  return normalizeText(text)
    .replace(/[\u200b\u2060\ufeff]+/g, '')
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .split('\n')
    .map((line) => line.split(SPACES).filter(Boolean).join(' '))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Of any width, between words. */
const SPACES = /[^\S\n]+/;
