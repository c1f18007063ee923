import twitterText from 'twitter-text';

export interface FoundLink {
  url: string;
  /** In UTF-16 code units; the end is exclusive. */
  indices: [number, number];
}

/** The longest name in DNS. */
const LONGEST_HOST = 253;

/** A run of characters that twitter-text accepts in a host, and too long for one. */
const LONG_RUN = new RegExp(String.raw`[^\s/?#:@,;!()[\]{}<>"'\x60]{${LONGEST_HOST + 1},}`, 'gu');

/**
 * Replaces the dots with commas in every run that is too long for a host. Commas count the same and are allowed in links.
 * Without this, twitter-text tries each dot of `a.a.a.…` as the start of a host, which takes ten seconds for 100,000 characters.
 */
export function withoutLongHosts(text: string): string {
  return text.replace(LONG_RUN, (run) => run.replaceAll('.', ','));
}

/** All links of a text, with and without a scheme, as twitter-text finds them. Takes linear time. */
export function findLinks(text: string): FoundLink[] {
  return twitterText.extractUrlsWithIndices(withoutLongHosts(text)).map(({ indices }) => ({
    url: text.slice(...indices),
    indices,
  }));
}

const SCHEME = /https?:\/\//gi;
const HOST = /[^\s/?#]*/y;

/** The links with a scheme, each up to the end of its host. Platforms differ in how they read the path. */
export function findServers(text: string): FoundLink[] {
  return [...text.matchAll(SCHEME)].flatMap(({ 0: scheme, index: start }): FoundLink[] => {
    HOST.lastIndex = start + scheme.length;
    const host = (HOST.exec(text)?.[0] ?? '').slice(0, LONGEST_HOST + ':65535'.length);
    // The character before decides whether a link may begin here.
    const before = text.slice(Math.max(0, start - 1), start);
    const [found] = twitterText.extractUrlsWithIndices(before + scheme + host, {
      extractUrlsWithoutProtocol: false,
    });
    if (!found || found.indices[0] !== before.length) return [];
    return [{ url: found.url, indices: [start, start + found.url.length] }];
  });
}
