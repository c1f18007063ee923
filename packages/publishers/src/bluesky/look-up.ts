import { Type } from 'typebox';
import { decode } from '../answer.ts';
import { readOrAskAgain } from '../look-up.ts';
import type { LookUpCall, LookUpOutcome } from '../publisher.ts';
import { levelText } from '../normalize.ts';
import { POST_COLLECTION, query, uriOf, urlOf } from './api.ts';
import { errors, isRecordAbsent } from './errors.ts';
import { richTextOf } from './rich-text.ts';
import { createTid } from './tid.ts';
import { evidenceOf } from './evidence.ts';

/**
 * Reads the record under our key. "Not there" is believed at once, even if the first request may still arrive: the next one
 * writes the same record under the same key, and the second of the two changes nothing.
 */
export async function lookUp(call: LookUpCall): Promise<LookUpOutcome> {
  const { rkey = createTid(call.delivery), createdAt } = evidenceOf(call);
  const looked = await readOrAskAgain(
    call,
    errors,
    query(call, 'com.atproto.repo.getRecord', {
      repo: call.account.remoteAccountId,
      collection: POST_COLLECTION,
      rkey,
    }),
    (response) => {
      const record = decode(Found, response);
      return record?.uri === uriOf(call.account, rkey) ? record : undefined;
    },
    (response) => (isRecordAbsent(response) ? ('absent' as const) : undefined),
  );
  if (looked.outcome !== 'done') return looked;
  if (looked.value === 'absent') return { outcome: 'absent' };

  const url = urlOf(call.account, rkey);
  const { text, createdAt: foundAt } = looked.value.value;
  // The key belongs to this delivery. An earlier date comes from a send that the database has lost (restored from a backup).
  const isInTime = createdAt === undefined || Date.parse(foundAt) <= Date.parse(createdAt);
  // Older versions did not shorten links.
  const ours = [richTextOf(call.text, new Map()).text, call.text].map(levelText);
  if (ours.includes(levelText(text)) && isInTime) {
    return { outcome: 'published', receipt: { remoteId: looked.value.uri, url } };
  }
  // The text was changed here after it was sent, or was edited on Bluesky. A second send would be refused.
  return {
    outcome: 'uncertain',
    reason: `Bluesky has a post in the place of this one, with another text: ${url}. Open it, and say whether it is this post.`,
  };
}

const Found = Type.Object({
  uri: Type.String(),
  value: Type.Object({ text: Type.String(), createdAt: Type.String() }),
});
