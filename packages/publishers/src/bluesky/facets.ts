import { parseUrl } from '@solospark/foundation';
import tlds from 'tlds' with { type: 'json' };

/** Marks a link, a mention or a hashtag. Bluesky does not find them in the text by itself. */
export interface Facet {
  /** In bytes of UTF-8; the end is exclusive. */
  index: { byteStart: number; byteEnd: number };
  features: Feature[];
}

export type Feature =
  | { $type: 'app.bsky.richtext.facet#link'; uri: string }
  | { $type: 'app.bsky.richtext.facet#mention'; did: string }
  | { $type: 'app.bsky.richtext.facet#tag'; tag: string };

interface Mark {
  kind: 'link' | 'mention' | 'tag';
  /** The marked part of the text. */
  shown: string;
  value: string;
  /** In UTF-16 code units. */
  at: number;
}

/**
 * Marks the same as Bluesky's own client (`detectFacets` of @atproto/api), because authors know that. Hashtags are exactly the
 * same. Links are found in more places and do not include the punctuation after them; ADR 25 lists the differences.
 */
function findMarks(text: string): Mark[] {
  const found = [
    ...linksOf(text),
    ...domainsOf(text),
    ...mentionsOf(text),
    ...tagsOf(text),
    ...cashtagsOf(text),
  ];
  let end = 0;
  // Marks must not overlap: the first one wins.
  return found
    .sort((a, b) => a.at - b.at || b.shown.length - a.shown.length)
    .filter(({ at, shown }) => {
      if (at < end) return false;
      end = at + shown.length;
      return true;
    });
}

/**
 * Every mark shows at least one grapheme. So a text with more marks of one kind than allowed graphemes is too long, and the
 * search can stop.
 */
const MOST_MARKS = 300;

function firstMatches(pattern: RegExp, text: string): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  for (const match of text.matchAll(pattern)) {
    found.push(match);
    if (found.length > MOST_MARKS) break;
  }
  return found;
}

/** The handles that the text mentions, each once, in lower case. */
export function findHandles(text: string): string[] {
  const handles = findMarks(text).filter((mark) => mark.kind === 'mention');
  return [...new Set(handles.map((mark) => mark.value))];
}

/** `dids` maps handles to accounts. A mention without an account stays plain text. */
export function findFacets(text: string, dids: ReadonlyMap<string, string>): Facet[] {
  let byteStart = 0;
  let countedTo = 0;
  return findMarks(text).flatMap((mark) => {
    byteStart += Buffer.byteLength(text.slice(countedTo, mark.at));
    countedTo = mark.at;
    const feature = featureOf(mark, dids);
    if (!feature) return [];
    return [
      { index: { byteStart, byteEnd: byteStart + Buffer.byteLength(mark.shown) }, features: [feature] },
    ];
  });
}

function featureOf({ kind, value }: Mark, dids: ReadonlyMap<string, string>): Feature | undefined {
  switch (kind) {
    case 'link':
      return { $type: 'app.bsky.richtext.facet#link', uri: value };
    case 'tag':
      return { $type: 'app.bsky.richtext.facet#tag', tag: value };
    case 'mention': {
      const did = dids.get(value);
      return did === undefined ? undefined : { $type: 'app.bsky.richtext.facet#mention', did };
    }
  }
}

const IN_LINK = String.raw`[^\s<>"「」『』（）【】、。，！？\u200b]`;

/** In bytes: the limit of `app.bsky.richtext.facet#link`. */
const LONGEST_URI = 8_192;

const LINK = new RegExp(String.raw`(?<![\w@./-])https?://(?![/])${IN_LINK}+`, 'giu');

function linksOf(text: string): Mark[] {
  return firstMatches(LINK, text).flatMap(({ 0: found, index: at }) => {
    const shown = withoutPunctuation(found);
    return linkAt(at, shown, shown);
  });
}

/** A link without a scheme: a name that ends with a top-level domain, then port, path and query. No e-mail addresses. */
const DOMAIN = new RegExp(
  String.raw`(?<=^|[\s(])(?<domain>[a-z][a-z0-9]*(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)+)(?![\p{L}\p{N}_@-])(?<behind>(?::\d+)?(?:[/?#]${IN_LINK}*)?)`,
  'giu',
);

function domainsOf(text: string): Mark[] {
  return firstMatches(DOMAIN, text).flatMap(({ index: at, groups }) => {
    const { domain = '', behind = '' } = groups ?? {};
    if (!endsWithTopLevel(domain)) return [];
    const shown = withoutPunctuation(domain + behind);
    return linkAt(at, shown, `https://${shown}`);
  });
}

function linkAt(at: number, shown: string, uri: string): Mark[] {
  const isLink = Buffer.byteLength(uri) <= LONGEST_URI && parseUrl(uri) !== null;
  return isLink ? [{ kind: 'link', shown, value: uri, at }] : [];
}

const HANDLE =
  /(?<=^|[\s(（])@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)(?![\p{L}\p{N}_-])/giu;

function mentionsOf(text: string): Mark[] {
  return firstMatches(HANDLE, text).flatMap(({ 0: shown, 1: found = '', index: at }): Mark[] => {
    const handle = found.toLowerCase();
    // Test servers use `.test`.
    if (!endsWithTopLevel(handle) && !handle.endsWith('.test')) return [];
    return [{ kind: 'mention', shown, value: handle, at }];
  });
}

const TOP_LEVEL: ReadonlySet<string> = new Set(tlds);

function endsWithTopLevel(domain: string): boolean {
  return TOP_LEVEL.has(domain.slice(domain.lastIndexOf('.') + 1));
}

const LONGEST_TAG = 64;
/** Zero-width spaces end a hashtag too. */
const ENDS_TAG = String.raw`\u20e2\s\u00ad\u2060\u200a-\u200d`;
/** Everything up to the next space, if it has a character that is neither digit nor punctuation. `#️⃣` is an emoji. */
const TAG = new RegExp(
  String.raw`(?<=^|\s)[#＃](?!\ufe0f)(?<tag>[^${ENDS_TAG}]*[^\d\p{P}${ENDS_TAG}][^${ENDS_TAG}]*)`,
  'gu',
);

function tagsOf(text: string): Mark[] {
  return firstMatches(TAG, text).flatMap(({ 0: found, index: at, groups }): Mark[] => {
    const tag = withoutAtEnd(groups?.['tag'] ?? '', PUNCTUATION_OF_TAG);
    if (tag === '' || tag.length > LONGEST_TAG) return [];
    return [{ kind: 'tag', shown: found.slice(0, 1 + tag.length), value: tag, at }];
  });
}

const PUNCTUATION_OF_TAG = /\p{P}/u;

const CASHTAG = /(?<=^|[\s(])\$([A-Za-z][A-Za-z0-9]{0,4})(?=$|[\s.,;:!?)"'\u2019])/gu;

function cashtagsOf(text: string): Mark[] {
  return firstMatches(CASHTAG, text).map(({ 0: shown, index: at }): Mark => ({
    kind: 'tag',
    shown,
    value: shown.toUpperCase(),
    at,
  }));
}

/** Works from the end: a regular expression with `+$` takes quadratic time on a long run. */
function withoutAtEnd(text: string, unwanted: RegExp): string {
  const characters = [...text];
  while (unwanted.test(characters.at(-1) ?? '')) characters.pop();
  return characters.join('');
}

/** Removes the punctuation that ends the sentence, and a closing bracket that was opened before the link. */
function withoutPunctuation(link: string): string {
  // The number of closing brackets without an opening one.
  const surplus: Record<string, number> = {
    ')': count(link, ')') - count(link, '('),
    ']': count(link, ']') - count(link, '['),
  };
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link[end - 1] ?? '';
    if (PUNCTUATION.includes(last)) continue;
    const closing = surplus[last];
    if (closing === undefined || closing <= 0) break;
    surplus[last] = closing - 1;
  }
  return link.slice(0, end);
}

const PUNCTUATION = ".,;:!?'’”…";

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}
