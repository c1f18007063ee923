import { findServers } from '../find-links.ts';
import { countGraphemes } from '../graphemes.ts';

const CHARACTERS_PER_LINK = 23;

/**
 * Counts as Mastodon's StatusLengthValidator does: the graphemes of the content warning and the text together. In the text, a
 * link counts 23 or what the server says, and only the name of a mention counts. In the warning, links and mentions count in
 * full. White space around both is removed first.
 */
export function countedLength(text: string, charactersPerLink = CHARACTERS_PER_LINK, warning = ''): number {
  let links = 0;
  const countable = withLinks(withoutDomains(stripped(text)), () => {
    links += 1;
    return 'x';
  });
  return countGraphemes(stripped(warning) + countable) + links * (charactersPerLink - 1);
}

/** Does what Ruby's `strip` does: removes ASCII white space and NUL on both sides. */
function stripped(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && STRIPPED.includes(text.charAt(start))) start += 1;
  while (end > start && STRIPPED.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const STRIPPED = '\0\t\n\v\f\r ';

/** Replaces every link that the server would find. */
export function withLinks(text: string, replace: (link: string) => string): string {
  let replaced = '';
  let end = 0;
  // Mastodon also uses twitter-text, but only finds links with a scheme.
  for (const { url, indices } of findServers(text)) {
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

/** `@name@server` becomes `@name`, which is what counts and what is shown. */
export function withoutDomains(text: string): string {
  return text.replace(MENTION, '$1');
}

// Mastodon's changes to twitter-text: a path may have letters of every script, and brackets only in pairs.
const PATH = /\/(?:[^\s<>()?]|\((?:[^\s<>()]|\([^\s<>()]+\))+\))*/uy;
const NOT_AT_END_OF_PATH = /[!*"'「」;:=,.$%[\]~&|@]/u;
const QUERY = /\?[^\s<>"'`{}\\]*/uy;
const NOT_AT_END_OF_QUERY = /[^\p{L}\p{M}\p{N}\p{S}_&=#/-]/u;

function wholeLink(text: string, start: number, found: string): string {
  const server = /^[a-z]+:\/\/[^/?#]*/i.exec(found)?.[0] ?? found;
  const path = withoutAtEnd(matchAt(PATH, text, start + server.length), NOT_AT_END_OF_PATH);
  const query = withoutAtEnd(matchAt(QUERY, text, start + server.length + path.length), NOT_AT_END_OF_QUERY);
  return server + path + query;
}

/** Works from the end: a regular expression with `+$` takes quadratic time on a long run. */
function withoutAtEnd(text: string, unwanted: RegExp): string {
  let end = text.length;
  while (end > 0) {
    const before = end - (isLowSurrogate(text, end - 1) && end > 1 ? 2 : 1);
    if (!unwanted.test(text.slice(before, end))) break;
    end = before;
  }
  return text.slice(0, end);
}

function isLowSurrogate(text: string, at: number): boolean {
  return text.charCodeAt(at) >> 10 === 0b11_0111;
}

function matchAt(pattern: RegExp, text: string, position: number): string {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0] ?? '';
}
