import { Type } from 'typebox';
import type { HttpResponse } from '../http.ts';
import { failed, inShort, unknownRefusal, waits, type Refusal } from '../refusals.ts';
import { pauseUntil } from '../told-time.ts';

export const ErrorBody = Type.Object({ error: Type.String({ minLength: 1 }) });

interface Row {
  statuses: readonly number[];
  words?: RegExp;
  meaning: () => Refusal;
}

/**
 * Who has to act: the author, the platform or the operator. The first match wins. The sentences are from Mastodon's code
 * (`api/base_controller.rb`, `error_handling.rb`) and documents, and from GoToSocial and Pleroma. They may be in any language, so
 * each status has a row without words whose reason is always true.
 */
const rows: readonly Row[] = [
  {
    statuses: [401, 403],
    words: /pending|approval|approved|awaiting/i,
    meaning: () => failed('rejected_account', 'user', pendingReason),
  },
  {
    statuses: [401, 403],
    words: /confirm|e-?mail/i,
    meaning: () => failed('rejected_account', 'user', emailReason),
  },
  {
    statuses: [401, 403],
    words: /two-factor|2fa/i,
    meaning: () => failed('rejected_account', 'user', secondFactorReason),
  },
  {
    statuses: [401, 403, 404, 410],
    words: /moved|migrated/i,
    meaning: () => failed('rejected_account', 'user', movedReason),
  },
  {
    statuses: [401, 403, 410],
    words: /disabled|deactivated|suspended|frozen|locked|limited/i,
    meaning: () => failed('rejected_account', 'user', disabledReason),
  },
  {
    statuses: [403],
    words: /scope|insufficient permissions/i,
    meaning: () => failed('auth_expired', 'user', scopeReason),
  },
  // Pleroma: "Invalid credentials."
  { statuses: [403], words: /access token|\btoken\b|invalid credentials/i, meaning: () => expired() },
  { statuses: [403], meaning: () => failed('rejected_account', 'user', accountReason) },
  { statuses: [410], meaning: () => failed('rejected_account', 'user', goneReason) },
  // "This method requires an authenticated user"
  { statuses: [422], words: /authenticated user/i, meaning: () => expired() },
  { statuses: [422], meaning: () => failed('rejected_content', 'user', contentReason) },
  {
    statuses: [400],
    words: /too long|too many|character|\btext\b|\bmedia\b|\bpoll\b|attach/i,
    meaning: () => failed('rejected_content', 'user', contentReason),
  },
  { statuses: [400], meaning: () => unknownRefusal('Mastodon') },
];

/** Null: no row matches. */
export function readSentence(status: number, sentence: string): Refusal | null {
  const row = rows.find(
    ({ statuses, words }) => statuses.includes(status) && (words?.test(inShort(sentence)) ?? true),
  );
  return row?.meaning() ?? null;
}

export function expired(): Refusal {
  return failed('auth_expired', 'user', expiredReason);
}

export function throttled(response: HttpResponse, now: Date): Refusal {
  const until = pauseUntil(response.headers, now, response.headers.get('x-ratelimit-reset'));
  return waits(until, 'The Mastodon server asks to slow down. The post waits and goes out by itself.');
}

const expiredReason =
  'The Mastodon server no longer accepts this connection. Connect the Mastodon account again.';
const scopeReason =
  'SoloSpark may not post to this Mastodon account. Connect it again and allow posting and uploading, then retry the post.';
const pendingReason =
  'The moderators of this Mastodon server have not approved this account yet. Retry the post when they have.';
const emailReason =
  'This Mastodon server wants the e-mail address of this account confirmed first. Do that there, then retry the post.';
const secondFactorReason =
  'This Mastodon server wants a second factor for this account. Sign in there and set one up, then retry the post.';
const movedReason =
  'This Mastodon account has moved to another server. Connect the account there, then duplicate the post for it.';
const disabledReason =
  'The Mastodon server has disabled or suspended this account, or the account has moved to another server. Sign in there to see why, then retry the post.';
const goneReason =
  'The Mastodon server says that this account is gone. Sign in there to see why; if the account is elsewhere now, connect it there.';
const accountReason =
  'The Mastodon server does not let this account post. Sign in there to see why, then retry the post.';
const contentReason =
  'The Mastodon server does not accept this post. Nothing was published: see what it says. The text may be too long for this server, or a file may not suit it; duplicate the post, change the copy and publish that.';
