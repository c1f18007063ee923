import type { PublicPost } from '../../world/posts.ts';
import { presentAttachment, type Attachment } from './media.ts';
import { formatHtml } from './text.ts';

export interface Status extends PublicPost {
  authorId: string;
  attachments: Attachment[];
  spoilerText: string;
  visibility: Visibility;
  sensitive: boolean;
  /** Null: the account's own. */
  language: string | null;
}

export const visibilities = ['public', 'unlisted', 'private', 'direct'] as const;
export type Visibility = (typeof visibilities)[number];

export const serverUrl = 'https://mastodon.example';

export function presentAccount(handle: string, id: string) {
  return {
    id,
    username: handle,
    acct: handle,
    display_name: handle,
    locked: false,
    bot: false,
    url: `${serverUrl}/@${handle}`,
    uri: `${serverUrl}/users/${handle}`,
  };
}

/** The status as the API shows it: the text only as HTML. */
export function presentStatus(status: Status, origin: string) {
  return {
    id: status.id,
    created_at: new Date(status.createdAt).toISOString(),
    in_reply_to_id: null,
    in_reply_to_account_id: null,
    sensitive: status.sensitive,
    spoiler_text: status.spoilerText,
    visibility: status.visibility,
    language: status.language ?? 'en',
    uri: `${serverUrl}/users/${status.account}/statuses/${status.id}`,
    url: status.url,
    content: status.text === '' ? '' : formatHtml(status.text),
    reblog: null,
    account: presentAccount(status.account, status.authorId),
    media_attachments: status.attachments.map((attachment) => presentAttachment(attachment, true, origin)),
    mentions: [],
    tags: [],
    emojis: [],
    card: null,
    poll: null,
  };
}
