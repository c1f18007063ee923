import { Type } from 'typebox';
import { callIdentity, decode } from '../answer.ts';
import { definePublisher } from '../define-publisher.ts';
import { apiVersion } from './api-version.ts';
import { headersOf } from './api.ts';
import { checkDraft, limits } from './check.ts';
import { connection } from './connect.ts';
import { errors } from './errors.ts';
import { prepare } from './prepare.ts';
import { publish } from './publish.ts';
import { lookUp } from './look-up.ts';
import { settings } from './settings.ts';

/**
 * LinkedIn (Posts API) for members and organizations. It has no idempotency. An app cannot read a member's posts: an unclear
 * public call stays unclear, and a person decides. It can read an organization's posts, so the look-up searches them. README.md
 * names the source of each fact.
 */
export const linkedin = definePublisher({
  id: 'linkedin',
  name: errors.name,
  baseUrl: 'https://api.linkedin.com',
  apiVersion,
  limits,
  settings,
  rates: {
    account: { max: 150, perSeconds: 24 * 60 * 60 },
    platform: { max: 100_000, perSeconds: 24 * 60 * 60 },
  },
  connection,
  check: checkDraft,

  identity(call) {
    const request = { method: 'GET', path: '/v2/userinfo', headers: headersOf(call) } as const;
    return callIdentity(call, errors, request, (response) => {
      const user = decode(UserInfo, response);
      return user && { remoteAccountId: user.sub, handle: user.name || user.sub };
    });
  },

  prepare,
  publish,
  lookUp,
});

const UserInfo = Type.Object({ sub: Type.String({ minLength: 1 }), name: Type.Optional(Type.String()) });
