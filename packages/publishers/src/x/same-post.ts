import { parseUrl } from '@solospark/foundation';
import { Type, type Static } from 'typebox';
import { findLinks } from '../find-links.ts';
import type { Likeness } from '../look-up.ts';
import { levelText } from '../normalize.ts';

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
 * One with the same words, but other links or another number of media, is only similar: it may be ours, changed
 * by X in a way not foreseen here, or another one from the same mould ("New on the blog: …").
 */
export function comparePost(sent: { text: string; mediaCount: number }, post: RemotePost): Likeness {
  const ours = canonical(sent.text);
  // The author may have written "&amp;" literally, so the text counts with and without its entities undone.
  const theirs = [post.text, withoutEntities(post.text)].map((text) => canonical(expandLinks(text, post)));
  const mediaCount = (post.attachments?.media_keys ?? []).length;
  if (theirs.includes(ours) && mediaCount === sent.mediaCount) return 'same';
  return theirs.map(wordsOnly).includes(wordsOnly(ours)) ? 'similar' : 'different';
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

function wordsOnly(text: string): string {
  return levelText(replaceLinks(text, () => '⟨link⟩')).replace(/\s+/g, ' ');
}

/** X makes `Example.com` to `http://example.com`, and `http://example.com` to the same with a slash, or not. */
function canonicalLink(link: string): string {
  const absolute = /^https?:\/\//i.test(link) ? link : `http://${link}`;
  return parseUrl(absolute)?.href ?? absolute;
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
