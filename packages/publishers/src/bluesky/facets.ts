import { parseUrl } from '@solospark/foundation';
import { countGraphemes } from './graphemes.ts';

/** Bluesky recognises nothing in a text by itself: what is a link, a mention or a hashtag has to be said. */
export interface Facet {
  /** In bytes of UTF-8; the end is exclusive. */
  index: { byteStart: number; byteEnd: number };
  features: Feature[];
}

type Feature =
  | { $type: 'app.bsky.richtext.facet#link'; uri: string }
  | { $type: 'app.bsky.richtext.facet#mention'; did: string }
  | { $type: 'app.bsky.richtext.facet#tag'; tag: string };

interface Mark {
  kind: 'link' | 'mention' | 'tag';
  /** With its sign, as it stands in the text. */
  shown: string;
  value: string;
  /** In UTF-16 code units. */
  at: number;
}

const MAX_TAG_GRAPHEMES = 64;
const MAX_TAG_BYTES = 640;

/**
 * Links with their scheme: whether `example.com` is meant as one, nobody can know. A mention and a hashtag stand free.
 * One expression for all three, so that none can lie over another.
 */
const MARKS = new RegExp(
  [
    String.raw`(?<link>(?<![\w@./-])https?://[^\s/<>"「」『』（）【】、。，！？\u200b][^\s<>"「」『』（）【】、。，！？\u200b]*)`,
    String.raw`(?<=^|[\s(（])@(?<handle>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)(?![\p{L}\p{N}_-])`,
    String.raw`(?<=^|[\s(（])[#＃](?<tag>(?=[\p{N}\p{M}_-]*\p{L})[\p{L}\p{N}\p{M}_-]*[\p{L}\p{N}\p{M}])`,
  ].join('|'),
  'giu',
);

/** The handles that the text mentions, each once, in lower case. */
export function findHandles(text: string): string[] {
  const handles = findMarks(text).filter((mark) => mark.kind === 'mention');
  return [...new Set(handles.map((mark) => mark.value))];
}

/** `dids` has the account behind each handle; a mention of nobody stays plain text. */
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

function findMarks(text: string): Mark[] {
  return [...text.matchAll(MARKS)].flatMap(({ 0: shown, index: at, groups = {} }): Mark[] => {
    const { link, handle, tag } = groups;
    if (handle !== undefined) return [{ kind: 'mention', shown, value: handle.toLowerCase(), at }];
    if (tag !== undefined) return isTag(tag) ? [{ kind: 'tag', shown, value: tag, at }] : [];
    const uri = withoutPunctuation(link ?? '');
    return parseUrl(uri) ? [{ kind: 'link', shown: uri, value: uri, at }] : [];
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

/** What ends the sentence does not end the link, nor does a bracket that was opened before it. */
function withoutPunctuation(link: string): string {
  // How many brackets of each kind close more than was opened.
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

function isTag(tag: string): boolean {
  return Buffer.byteLength(tag) <= MAX_TAG_BYTES && countGraphemes(tag) <= MAX_TAG_GRAPHEMES;
}
