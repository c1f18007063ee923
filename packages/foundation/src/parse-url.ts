/**
 * Null when the text is not an absolute URL. Replaces `URL.canParse`, which is wrong on Node 20 once V8 has optimised its
 * caller: it returns false for every URL with a letter such as "ä", because its fast path reads Latin-1 as UTF-8.
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
