import type { PublicPost, Shelf } from '../../world/posts.ts';
import type { Account } from '../platform.ts';

export const serverUrl = 'https://mastodon.example';

const joinedAt = '2024-01-01T00:00:00.000Z';

/** `Account`, with every key that it always has. Accounts here have no followers and an empty profile. */
export function presentAccount(
  { handle, id }: Account,
  { origin, statuses }: { origin: string; statuses: Shelf<PublicPost> },
) {
  const own = statuses.ofAccount(handle);
  const last = own.at(-1);
  const picture = `${origin}/mastodon/missing.png`;
  return {
    id,
    username: handle,
    acct: handle,
    display_name: handle,
    locked: false,
    bot: false,
    discoverable: false,
    indexable: false,
    group: false,
    noindex: true,
    created_at: joinedAt,
    note: '',
    url: `${serverUrl}/@${handle}`,
    uri: `${serverUrl}/users/${handle}`,
    avatar: picture,
    avatar_static: picture,
    avatar_description: '',
    header: picture,
    header_static: picture,
    header_description: '',
    followers_count: 0,
    following_count: 0,
    statuses_count: own.length,
    /** A date without a time; null for an account without statuses. */
    last_status_at: last === undefined ? null : new Date(last.createdAt).toISOString().slice(0, 10),
    hide_collections: false,
    emojis: [],
    fields: [],
    roles: [],
    moved: null,
    suspended: false,
    limited: false,
    memorial: false,
    feature_approval: { automatic: [], manual: [], current_user: 'denied' },
  };
}

/** `CredentialAccount`: an `Account` with the fields that only the account itself sees. */
export function presentOwnAccount(account: Account, around: { origin: string; statuses: Shelf<PublicPost> }) {
  const role = {
    id: '-99',
    name: '',
    color: '',
    position: -1,
    permissions: '0',
    highlighted: false,
    collection_limit: 10,
    created_at: joinedAt,
    updated_at: joinedAt,
  };
  return {
    ...presentAccount(account, around),
    source: {
      privacy: 'public',
      sensitive: false,
      language: null,
      note: '',
      fields: [],
      follow_requests_count: 0,
      hide_collections: false,
      discoverable: false,
      indexable: false,
      attribution_domains: [],
      quote_policy: 'public',
    },
    role,
  };
}
