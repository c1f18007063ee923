/**
 * The same text in one of Unicode's normal forms, in time that grows with its length. Marks that follow one another are sorted
 * by `normalize` with work that grows with the square of their number, and a hostile server may list a text that is nothing
 * else. So after thirty of them a joiner is put, as the Stream-Safe Text Process does (UAX #15, section 13): no language needs more.
 */
export function normalizeText(text: string, form: 'NFC' | 'NFKC' = 'NFC'): string {
  return text.replace(/\p{M}{30}(?=\p{M})/gu, '$&\u034f').normalize(form);
}
