import { Type } from 'typebox';
import { callIdentity, decode } from '../answer.ts';
import { definePublisher } from '../define-publisher.ts';
import { query } from './api.ts';
import { checkDraft, limits } from './check.ts';
import { connection } from './connect.ts';
import { errors } from './errors.ts';
import { prepare } from './prepare.ts';
import { publish } from './publish.ts';
import { lookUp } from './look-up.ts';
import { settings } from './settings.ts';

/**
 * Bluesky (AT Protocol). The writer names the record, and writing the same one twice changes nothing: the key and the
 * date that `prepare` remembers are the whole idempotency. README.md names the source of each fact.
 */
export const bluesky = definePublisher({
  id: 'bluesky',
  name: errors.name,
  baseUrl: 'https://bsky.social',
  anyServer: true,
  limits,
  settings,
  rates: {
    // 5,000 points in an hour and 35,000 in a day, 2 for a post: an hour's share of the day keeps both.
    account: { max: 700, perSeconds: 60 * 60 },
    // Requests of one address.
    platform: { max: 3_000, perSeconds: 5 * 60 },
  },
  connection,
  check: checkDraft,

  identity(call) {
    return callIdentity(call, errors, query(call, 'com.atproto.server.getSession'), (response) => {
      const session = decode(Session, response);
      return session && { remoteAccountId: session.did, handle: session.handle };
    });
  },

  prepare,
  publish,
  lookUp,
});

const Session = Type.Object({ did: Type.String({ pattern: '^did:' }), handle: Type.String() });
