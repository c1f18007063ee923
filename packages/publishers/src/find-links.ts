import twitterText from 'twitter-text';

export interface FoundLink {
  url: string;
  /** In UTF-16 code units; the end is exclusive. */
  indices: [number, number];
}

/** The longest name that the domain name system has. */
const LONGEST_HOST = 253;

/** What a host may be made of for twitter-text, without a break. Only a dot in it makes it a host. */
const LONG_RUN = new RegExp(String.raw`[^\s/?#:@,;!()[\]{}<>"'\x60]{${LONGEST_HOST + 1},}`, 'gu');

/**
 * The same text for twitter-text, in which nothing that is too long for a host looks like one: its dots are commas, which
 * count the same and may stand in a link as well. Without this, twitter-text tries each dot of `a.a.a.…` as the start of a
 * host that ends with the text, which takes ten seconds for 100,000 characters.
 */
export function withoutLongHosts(text: string): string {
  return text.replace(LONG_RUN, (run) => run.replaceAll('.', ','));
}

/** The links of a text with a scheme and without, as twitter-text finds them, in linear time. */
export function findLinks(text: string): FoundLink[] {
  return twitterText.extractUrlsWithIndices(withoutLongHosts(text)).map(({ indices }) => ({
    url: text.slice(...indices),
    indices,
  }));
}

const SCHEME = /https?:\/\//gi;
const HOST = /[^\s/?#]*/y;

/** The links that have a scheme, each up to the end of its server: what is behind, platforms read in their own ways. */
export function findServers(text: string): FoundLink[] {
  return [...text.matchAll(SCHEME)].flatMap(({ 0: scheme, index: start }): FoundLink[] => {
    HOST.lastIndex = start + scheme.length;
    const host = (HOST.exec(text)?.[0] ?? '').slice(0, LONGEST_HOST + ':65535'.length);
    // Together with the character before, which decides whether a link may begin here.
    const before = text.slice(Math.max(0, start - 1), start);
    const [found] = twitterText.extractUrlsWithIndices(before + scheme + host, {
      extractUrlsWithoutProtocol: false,
    });
    if (!found || found.indices[0] !== before.length) return [];
    return [{ url: found.url, indices: [start, start + found.url.length] }];
  });
}
