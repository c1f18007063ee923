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
 * Asks for the record under our key. "Not there" may be believed at once, although the first sending may still be on
 * its way: the next one writes the same record under the same key, and whichever comes second changes nothing.
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
  // Under this delivery's own key. An earlier date is that of a sending which the database has lost.
  const isInTime = createdAt === undefined || Date.parse(foundAt) <= Date.parse(createdAt);
  // Versions before this one sent the links as they were written.
  const ours = [richTextOf(call.text, new Map()).text, call.text].map(levelText);
  if (ours.includes(levelText(text)) && isInTime) {
    return { outcome: 'published', receipt: { remoteId: looked.value.uri, url } };
  }
  // Sent with other words before a person changed them, or edited there since. Sending again would be refused.
  return {
    outcome: 'uncertain',
    reason: `Bluesky has a post in the place of this one, with another text: ${url}. Open it, and say whether it is this post.`,
  };
}

const Found = Type.Object({
  uri: Type.String(),
  value: Type.Object({ text: Type.String(), createdAt: Type.String() }),
});
