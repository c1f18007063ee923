import { parseUrl } from '@solospark/foundation';
import { Type, type Static } from 'typebox';
import { findLinks } from '../find-links.ts';
import type { Likeness } from '../look-up.ts';
import { levelText, normalizeText } from '../normalize.ts';

/** A post in the list of `GET /2/users/{id}/tweets`. */
export const PostSchema = Type.Object({
  id: Type.String(),
  text: Type.String(),
  created_at: Type.String(),
  entities: Type.Optional(
    Type.Object({
      urls: Type.Optional(
        Type.Array(
          Type.Object({
            url: Type.String(),
            expanded_url: Type.Optional(Type.String()),
            media_key: Type.Optional(Type.String()),
          }),
        ),
      ),
    }),
  ),
  attachments: Type.Optional(Type.Object({ media_keys: Type.Optional(Type.Array(Type.String())) })),
});
export type RemotePost = Static<typeof PostSchema>;

/**
 * Compares a listed post with the sent one. X changes a text: it shortens every link to t.co, appends a link for media, and
 * writes `&`, `<`, `>` as HTML entities. All of that is undone on X's text, and links get one form on both sides. A post with the
 * same letters but other links, punctuation or another number of media is only similar: it may be ours, changed by X in an
 * unknown way, or another post from the same template ("New on the blog: …").
 */
export function comparePost(sent: { text: string; mediaCount: number }, post: RemotePost): Likeness {
  const ours = canonical(withTheirSchemes(sent.text, post));
  // The author may have written "&amp;" literally, so both the raw and the decoded text are compared.
  const theirs = [post.text, withoutEntities(post.text)].map((text) => canonical(expandLinks(text, post)));
  const mediaCount = (post.attachments?.media_keys ?? []).length;
  if (theirs.includes(ours) && mediaCount === sent.mediaCount) return 'same';
  return theirs.map(lettersOnly).includes(lettersOnly(ours)) ? 'similar' : 'different';
}

/**
 * X's list of top-level domains may be newer than ours. So each link that X found gets its scheme in our text too, even if the
 * author wrote none.
 */
function withTheirSchemes(text: string, { entities }: RemotePost): string {
  const links = (entities?.urls ?? [])
    .filter((link) => !isMediaLink(link))
    .map(({ expanded_url: to }) => to ?? '');
  return links.reduce((rest, link) => {
    const bare = link.replace(SCHEME, '');
    return bare === link || rest.includes(link) ? rest : replaceOnce(rest, bare, link);
  }, text);
}

const SCHEME = /^https?:\/\//i;

function replaceOnce(text: string, part: string, by: string): string {
  const at = text.indexOf(part);
  const hasScheme = text.slice(0, Math.max(0, at)).endsWith('://');
  return at === -1 || hasScheme ? text : text.slice(0, at) + by + text.slice(at + part.length);
}

/** The author's text: t.co links replaced by their targets, the media's link removed. */
export function expandLinks(text: string, post: RemotePost): string {
  const links = [...(post.entities?.urls ?? [])].sort((a, b) => b.url.length - a.url.length);
  return links.reduce(
    (expanded, link) =>
      expanded.replaceAll(link.url, isMediaLink(link) ? '' : (link.expanded_url ?? link.url)),
    text,
  );
}

function isMediaLink(link: { expanded_url?: string; media_key?: string }): boolean {
  if (link.media_key !== undefined) return true;
  return /^https?:\/\/(x|twitter)\.com\/[^/]+\/status\/\d+\/(photo|video)\/\d+$/.test(
    link.expanded_url ?? '',
  );
}

function withoutEntities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function canonical(text: string): string {
  return replaceLinks(levelText(text), canonicalLink).trim();
}

/** X may change punctuation and symbols: another quotation mark, a heart without its variation selector. */
function lettersOnly(text: string): string {
  return normalizeText(
    replaceLinks(text, () => ' '),
    'NFKC',
  )
    .replace(/[^\p{L}\p{N}\p{Extended_Pictographic}]+/gu, '')
    .toLowerCase();
}

/**
 * X turns `Example.com` into `http://example.com` or `https://example.com`, with or without a final slash. So the comparison
 * ignores the scheme.
 */
function canonicalLink(link: string): string {
  const bare = link.replace(SCHEME, '');
  return parseUrl(`http://${bare}`)?.href ?? bare;
}

function replaceLinks(text: string, replace: (link: string) => string): string {
  let replaced = '';
  let end = 0;
  for (const { url, indices } of findLinks(text)) {
    replaced += text.slice(end, indices[0]) + replace(url);
    end = indices[1];
  }
  return replaced + text.slice(end);
}
