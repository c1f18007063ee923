import { parseUrl } from '@solospark/foundation';
import { Type, type Static } from 'typebox';
import { findLinks } from '../find-links.ts';
import type { Likeness } from '../look-up.ts';
import { levelText, normalizeText } from '../normalize.ts';

/** A post as `GET /2/users/{id}/tweets` lists it. */
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
 * Is this the post that was sent? X gives a text back changed: every link shortened to t.co, one appended for media,
 * and `&`, `<`, `>` as HTML entities. All of that is undone on X's side, and links are brought to one form on both.
 * One with the same letters, but other links, signs or another number of media, is only similar: it may be ours, changed
 * by X in a way not foreseen here, or another one from the same mould ("New on the blog: …").
 */
export function comparePost(sent: { text: string; mediaCount: number }, post: RemotePost): Likeness {
  const ours = canonical(withTheirSchemes(sent.text, post));
  // The author may have written "&amp;" literally, so the text counts with and without its entities undone.
  const theirs = [post.text, withoutEntities(post.text)].map((text) => canonical(expandLinks(text, post)));
  const mediaCount = (post.attachments?.media_keys ?? []).length;
  if (theirs.includes(ours) && mediaCount === sent.mediaCount) return 'same';
  return theirs.map(lettersOnly).includes(lettersOnly(ours)) ? 'similar' : 'different';
}

/**
 * X's list of top-level domains may be newer than ours: what it has made a link of is one on our side as well, whether its
 * author wrote the scheme or not.
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

/** The text as its author wrote it: t.co links replaced by what they stand for, the media's link dropped. */
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

/** Signs may come back changed: a quote as another quote, a heart without its variation selector. */
function lettersOnly(text: string): string {
  return normalizeText(
    replaceLinks(text, () => ' '),
    'NFKC',
  )
    .replace(/[^\p{L}\p{N}\p{Extended_Pictographic}]+/gu, '')
    .toLowerCase();
}

/**
 * X makes `Example.com` to `http://example.com`, or to `https://example.com`, and either to the same with a slash, or not. So the
 * scheme tells no two posts apart.
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
