/**
 * Unicode normalization in linear time. `normalize` sorts a run of combining marks in quadratic time, and a hostile server may
 * list a text of nothing but marks. So a joiner is inserted after thirty marks, as in the Stream-Safe Text Process (UAX #15,
 * section 13). No language needs more.
 */
export function normalizeText(text: string, form: 'NFC' | 'NFKC' = 'NFC'): string {
  return text.replace(/\p{M}{30}(?=\p{M})/gu, '$&\u034f').normalize(form);
}

/**
 * Normalizes a text for the comparison in a look-up, because platforms change white space: NFC, lines that end with LF, one plain
 * space for a run of spaces, no spaces at the ends of a line, at most one empty line, no zero-width separators (U+200B, U+2060,
 * the byte order mark). Joiners stay: emoji and some scripts need them. Takes linear time.
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

/** White space within a line. */
const SPACES = /[^\S\n]+/;
