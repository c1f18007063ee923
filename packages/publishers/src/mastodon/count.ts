import twitterText from 'twitter-text';

const CHARACTERS_PER_LINK = 23;

/**
 * As Mastodon counts: any link 23, or what the server says; of a mention only the name. Whether a character is a grapheme
 * or a code point is not documented; code points are never fewer, so a text that fits in them fits either way.
 */
export function countedLength(text: string, charactersPerLink = CHARACTERS_PER_LINK): number {
  return [...withLinks(withoutDomains(text), () => 'x'.repeat(charactersPerLink))].length;
}

/** In a content warning a link is only letters. */
export function countedWarning(warning: string): number {
  return [...warning].length;
}

/** Every link, as the server would find it, replaced. */
export function withLinks(text: string, replace: (link: string) => string): string {
  let replaced = '';
  let end = 0;
  for (const { url, indices } of findLinks(text)) {
    if (indices[0] < end) continue;
    const link = wholeLink(text, indices[0], url);
    replaced += text.slice(end, indices[0]) + replace(link);
    end = indices[0] + link.length;
  }
  return replaced + text.slice(end);
}

const WORD = String.raw`[\p{L}\p{M}\p{N}\p{Pc}]`;
const MENTION = new RegExp(
  String.raw`(?<!${WORD}|[=/])(@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)@${WORD}+(?:[.-]+${WORD}+)*`,
  'giu',
);

/** `@name@server` as it counts, and as it is shown: `@name`. */
export function withoutDomains(text: string): string {
  return text.replace(MENTION, '$1');
}

/** Mastodon finds links with the same library, but only those with a scheme. */
function findLinks(text: string): { url: string; indices: [number, number] }[] {
  return twitterText.extractUrlsWithIndices(text, { extractUrlsWithoutProtocol: false });
}

// What Mastodon changes in that library: a path may hold letters of every script, and brackets only in pairs.
const PATH = /\/(?:[^\s<>()?]|\((?:[^\s<>()]|\([^\s<>()]+\))+\))*/uy;
const NOT_AT_END_OF_PATH = /[!*"'「」;:=,.$%[\]~&|@]+$/u;
const QUERY = /\?[^\s<>"'`{}\\]*/uy;
const NOT_AT_END_OF_QUERY = /[^\p{L}\p{M}\p{N}\p{S}_&=#/-]+$/u;

function wholeLink(text: string, start: number, found: string): string {
  const server = /^[a-z]+:\/\/[^/?#]*/i.exec(found)?.[0] ?? found;
  const path = matchAt(PATH, text, start + server.length).replace(NOT_AT_END_OF_PATH, '');
  const query = matchAt(QUERY, text, start + server.length + path.length).replace(NOT_AT_END_OF_QUERY, '');
  return server + path + query;
}

function matchAt(pattern: RegExp, text: string, position: number): string {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0] ?? '';
}
