import { Type } from 'typebox';
import { callIdentity, bearer, decode } from '../answer.ts';
import { definePublisher } from '../define-publisher.ts';
import { checkDraft, limits } from './check.ts';
import { connection } from './connect.ts';
import { errors } from './errors.ts';
import { prepare } from './prepare.ts';
import { publish } from './publish.ts';
import { lookUp } from './look-up.ts';
import { settings } from './settings.ts';

/**
 * X (API v2). It has no idempotency, so the author's own posts are the proof: `prepare` notes the newest one, and `lookUp`
 * searches the newer ones for this text. README.md names the source of each fact.
 */
export const x = definePublisher({
  id: 'x',
  name: errors.name,
  baseUrl: 'https://api.x.com',
  limits,
  settings,
  rates: {
    account: { max: 100, perSeconds: 15 * 60 },
    platform: { max: 10_000, perSeconds: 24 * 60 * 60 },
  },
  connection,
  check: checkDraft,

  identity(call) {
    return callIdentity(
      call,
      errors,
      { method: 'GET', path: '/2/users/me', headers: bearer(call) },
      (response) => {
        const user = decode(UserAnswer, response)?.data;
        return user && { remoteAccountId: user.id, handle: user.username };
      },
    );
  },

  prepare,
  publish,
  lookUp,
});

const UserAnswer = Type.Object({ data: Type.Object({ id: Type.String(), username: Type.String() }) });
