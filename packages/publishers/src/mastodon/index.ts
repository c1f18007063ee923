import { Type } from 'typebox';
import { callIdentity, bearer, decode } from '../answer.ts';
import { definePublisher } from '../define-publisher.ts';
import { checkDraft, limits } from './check.ts';
import { connection } from './connect.ts';
import { errors, identityDialect } from './errors.ts';
import { prepare } from './prepare.ts';
import { publish } from './publish.ts';
import { lookUp } from './look-up.ts';
import { readLimits } from './read-limits.ts';
import { settings } from './settings.ts';

/**
 * Mastodon, and servers that speak its API. The public call carries a key, so that repeating it within the hour makes
 * nothing new where the server knows keys. What became of it is read from the own statuses newer than the one noted
 * before, and from the files, which belong to one status only. README.md names the source of each fact.
 */
export const mastodon = definePublisher({
  id: 'mastodon',
  name: errors.name,
  baseUrl: 'https://mastodon.social',
  anyServer: true,
  limits,
  readLimits,
  settings,
  rates: {
    // 300 calls in 5 minutes; a post takes two and more.
    account: { max: 100, perSeconds: 5 * 60 },
    platform: null,
  },
  connection,
  check: checkDraft,

  identity(call) {
    return callIdentity(
      call,
      identityDialect,
      { method: 'GET', path: '/api/v1/accounts/verify_credentials', headers: bearer(call) },
      (response) => {
        const account = decode(Account, response);
        return account && { remoteAccountId: account.id, handle: account.username };
      },
    );
  },

  prepare,
  publish,
  lookUp,
});

/** They are kept and shown to people: whatever is longer comes from no server that means well. */
const Account = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 200 }),
  username: Type.String({ minLength: 1, maxLength: 200 }),
});
