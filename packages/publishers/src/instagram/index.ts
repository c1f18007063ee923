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
 * Instagram (Graph API with Instagram Login). Publishing takes two calls: one makes a container, one publishes it. The container
 * exists before anything is public, and its status says whether it was published. `lookUp` uses that as its proof. README.md
 * names the source of each fact.
 */
export const instagram = definePublisher({
  id: 'instagram',
  name: errors.name,
  baseUrl: 'https://graph.instagram.com',
  fetchesMedia: true,
  limits,
  settings,
  rates: {
    // The guide says 100 in 24 hours, the quota's reference says 50. `prepare` reads the real quota, so this is the larger one:
    // the smaller would hold back posts that Instagram takes.
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
        // The reference shows the account in a list, the API answers without one.
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
