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
 * Mastodon, and servers with its API. The public call carries an idempotency key: on servers that support keys, a repeated call
 * within the hour makes no second status. The look-up reads the account's statuses newer than the one noted before, and the
 * files, since a file belongs to only one status. README.md names the source of each fact.
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
    // 300 calls in 5 minutes; a post takes at least two.
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

/** Both are stored and shown: only a hostile server sends longer ones. */
const Account = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 200 }),
  username: Type.String({ minLength: 1, maxLength: 200 }),
});
