import { numberFromName } from '../accounts.ts';
import type { PublicPost, Shelf } from '../../world/posts.ts';
import { presentAccount, serverUrl } from './account.ts';
import { presentAttachment, type Attachment } from './media.ts';
import { formatHtml, hashtagsOf } from './text.ts';

export interface Status extends PublicPost {
  authorId: string;
  attachments: Attachment[];
  spoilerText: string;
  visibility: Visibility;
  sensitive: boolean;
  /** Null: the account's default. */
  language: string | null;
  application: Application;
}

export const visibilities = ['public', 'unlisted', 'private', 'direct'] as const;
export type Visibility = (typeof visibilities)[number];

/** The app that posted a status. */
export interface Application {
  name: string;
  website: string | null;
}

/** `Status`, with every key that it always has: the text only as HTML. */
export function presentStatus(status: Status, around: { origin: string; statuses: Shelf<Status> }) {
  const { account, authorId, text } = status;
  return {
    id: status.id,
    created_at: new Date(status.createdAt).toISOString(),
    edited_at: null,
    in_reply_to_id: null,
    in_reply_to_account_id: null,
    sensitive: status.sensitive,
    spoiler_text: status.spoilerText,
    visibility: status.visibility,
    language: status.language ?? 'en',
    uri: `${serverUrl}/users/${account}/statuses/${status.id}`,
    url: status.url,
    content: text === '' ? '' : formatHtml(text),
    replies_count: 0,
    reblogs_count: 0,
    favourites_count: 0,
    quotes_count: 0,
    favourited: false,
    reblogged: false,
    muted: false,
    bookmarked: false,
    pinned: false,
    reblog: null,
    quote: null,
    quote_approval: { automatic: ['public'], manual: [], current_user: 'automatic' },
    account: presentAccount({ handle: account, id: authorId }, around),
    application: status.application,
    media_attachments: status.attachments.map((attachment) =>
      presentAttachment(attachment, true, around.origin),
    ),
    mentions: [],
    tags: hashtagsOf(text).map((name) => ({
      id: numberFromName(`mastodon tag ${name}`, 8),
      name,
      url: `${serverUrl}/tags/${encodeURIComponent(name)}`,
    })),
    emojis: [],
    card: null,
    poll: null,
    filtered: [],
  };
}
