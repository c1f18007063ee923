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
 * Bluesky (AT Protocol). The client chooses the record's key, and writing the same record twice changes nothing. So the key and
 * the date that `prepare` remembers make the public call idempotent. README.md names the source of each fact.
 */
export const bluesky = definePublisher({
  id: 'bluesky',
  name: errors.name,
  baseUrl: 'https://bsky.social',
  anyServer: true,
  limits,
  settings,
  rates: {
    // 5,000 points an hour and 35,000 a day; a post costs 2. A 24th of the day's points stays within both.
    account: { max: 700, perSeconds: 60 * 60 },
    // Requests from one IP address.
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
