// With a scheme, or a bare domain under one of the commonest endings. The real rule knows every top-level domain.
const linkPattern =
  /https?:\/\/[^\s]+|(?<![\p{L}\p{N}@._/-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|app|dev|co|de|zip|test)(?![\p{L}\p{N}])(?:\/[^\s]*)?/giu;
const trailingPunctuation = /[.,;:!?'")\]}]+$/;

/** The links in a text, without the punctuation behind them. */
export function findLinks(text: string): { start: number; end: number; link: string }[] {
  return [...text.matchAll(linkPattern)].map((match) => {
    const link = match[0].replace(trailingPunctuation, '');
    return { start: match.index, end: match.index + link.length, link };
  });
}
