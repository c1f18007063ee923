// Links with a scheme, and bare domains under some common top-level domains. X has a list of all of them.
const linkPattern =
  /https?:\/\/[^\s]+|(?<![\p{L}\p{N}@._/-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|app|dev|co|de|zip|test)(?![\p{L}\p{N}])(?:\/[^\s]*)?/giu;
const trailingPunctuation = /[.,;:!?'")\]}]+$/;

/** The links in a text, without trailing punctuation. */
export function findLinks(text: string): { start: number; end: number; link: string }[] {
  return [...text.matchAll(linkPattern)].map((match) => {
    const link = match[0].replace(trailingPunctuation, '');
    return { start: match.index, end: match.index + link.length, link };
  });
}
