import type { PostMedia, PublicPost } from '../../world/posts.ts';
import { tokenFromName } from '../accounts.ts';
import { findLinks } from './links.ts';
import type { MediaKind } from './media.ts';

export interface Tweet extends PublicPost {
  authorId: string;
  media: TweetMedia[];
  inReplyTo?: string;
  quoted?: string;
}

export interface TweetMedia extends PostMedia {
  kind: MediaKind;
  mediaKey: string;
}

interface UrlEntity {
  start: number;
  end: number;
  url: string;
  expanded_url: string;
  display_url: string;
  media_key?: string;
}

/** The allowed values of `tweet.fields`. Fields without a value here are left out of the answer. */
export const knownFields: readonly string[] = (
  'article attachments author_id card_uri community_id context_annotations conversation_id created_at ' +
  'display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang ' +
  'media_metadata note_tweet possibly_sensitive public_metrics referenced_tweets reply_settings scopes source ' +
  'suggested_source_links text withheld'
).split(' ');

/** The tweet in API answers: the three default fields, and those requested with `tweet.fields`. */
export function presentTweet(tweet: Tweet, fields: readonly string[]): Record<string, unknown> {
  const { text, urls } = renderText(tweet);
  const shown: Record<string, unknown> = { id: tweet.id, text, edit_history_tweet_ids: [tweet.id] };
  const mediaKeys = tweet.media.map((media) => media.mediaKey);
  const optional: Record<string, unknown> = {
    author_id: tweet.authorId,
    created_at: new Date(tweet.createdAt).toISOString(),
    ...referencesOf(tweet),
    ...(urls.length > 0 && { entities: { urls } }),
    ...(mediaKeys.length > 0 && { attachments: { media_keys: mediaKeys } }),
  };
  for (const [field, value] of Object.entries(optional)) if (fields.includes(field)) shown[field] = value;
  return shown;
}

function referencesOf({ inReplyTo, quoted }: Tweet) {
  const references = [
    ...(inReplyTo === undefined ? [] : [{ type: 'replied_to', id: inReplyTo }]),
    ...(quoted === undefined ? [] : [{ type: 'quoted', id: quoted }]),
  ];
  return references.length > 0 ? { referenced_tweets: references } : {};
}

/**
 * Renders a text as X does: links become t.co links, a link for the media is appended, and `&`, `<` and `>` are escaped.
 * Positions in the entities are in code points of the result.
 */
export function renderText(tweet: Tweet): { text: string; urls: UrlEntity[] } {
  let text = '';
  let length = 0;
  const urls: UrlEntity[] = [];
  const append = (piece: string) => {
    text += piece;
    length += [...piece].length;
  };
  const appendUrl = (shortened: Omit<UrlEntity, 'start' | 'end'>) => {
    urls.push({ start: length, end: length + shortened.url.length, ...shortened });
    append(shortened.url);
  };

  let position = 0;
  for (const { start, end, link } of findLinks(tweet.text)) {
    append(escapeHtml(tweet.text.slice(position, start)));
    const expanded = /^https?:/i.test(link) ? link : `http://${link}`;
    appendUrl({
      url: shortUrl(`${tweet.id} ${urls.length}`),
      expanded_url: expanded,
      display_url: shorten(expanded.replace(/^https?:\/\/(www\.)?/i, '')),
    });
    position = end;
  }
  append(escapeHtml(tweet.text.slice(position)));

  if (tweet.media.length > 0) {
    if (text !== '') append(' ');
    const start = length;
    const url = shortUrl(`${tweet.id} media`);
    append(url);
    for (const [index, media] of tweet.media.entries()) {
      urls.push({
        start,
        end: length,
        url,
        expanded_url: `https://x.com/${tweet.account}/status/${tweet.id}/${media.kind === 'video' ? 'video' : 'photo'}/${index + 1}`,
        display_url: url.replace('https://t.co/', 'pic.x.com/'),
        media_key: media.mediaKey,
      });
    }
  }
  return { text, urls };
}

const shortUrl = (name: string) =>
  `https://t.co/${tokenFromName(name, 43).replace(/[-_]/g, '').slice(0, 10)}`;
const shorten = (display: string) => (display.length > 27 ? `${display.slice(0, 26)}…` : display);
const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
