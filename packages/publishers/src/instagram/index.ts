import { Type } from 'typebox';
import { callIdentity, bearer, decode } from '../answer.ts';
import { definePublisher } from '../define-publisher.ts';
import { GRAPH } from './api.ts';
import { checkDraft, warnAboutDraft } from './check.ts';
import { connection } from './connect.ts';
import { errors } from './errors.ts';
import { limits } from './limits.ts';
import { prepare } from './prepare.ts';
import { publish } from './publish.ts';
import { lookUp } from './look-up.ts';
import { settings } from './settings.ts';

/**
 * Instagram (Graph API with Instagram Login). Publishing is two calls: a container is made, then published. The
 * container is an object that we hold before anything is public, and it says whether it has been published: that is
 * the proof that `lookUp` uses. README.md names the source of each fact.
 */
export const instagram = definePublisher({
  id: 'instagram',
  name: errors.name,
  baseUrl: 'https://graph.instagram.com',
  fetchesMedia: true,
  limits,
  settings,
  rates: {
    // The guide says 100 in 24 hours, the reference of the quota says 50. `prepare` reads which it is, so the larger one
    // stands here: the smaller would hold back posts that Instagram takes.
    account: { max: 100, perSeconds: 24 * 60 * 60 },
    platform: null,
  },
  connection,
  check: checkDraft,
  warn: warnAboutDraft,

  identity(call) {
    const query = { fields: 'user_id,username' };
    return callIdentity(
      call,
      errors,
      { method: 'GET', path: `${GRAPH}/me`, query, headers: bearer(call) },
      (response) => {
        // The reference shows the account in a list, the API answers it bare.
        const user = decode(Account, response) ?? decode(AccountList, response)?.data[0];
        return user && { remoteAccountId: String(user.user_id), handle: user.username };
      },
    );
  },

  prepare,
  publish,
  lookUp,
});

const Account = Type.Object({
  user_id: Type.Union([Type.String(), Type.Number()]),
  username: Type.String(),
});
const AccountList = Type.Object({ data: Type.Array(Account) });
