/**
 * Null where the text is no absolute URL. For `URL.canParse`, which Node 20 answers wrongly once its caller has become hot:
 * false for each address with a letter such as "ä" (nodejs/node, the fast call takes Latin-1 for UTF-8).
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
