import { Type } from 'typebox';
import { askPublicly, refusedOrUnclear } from '../accepted.ts';
import { decode, isSuccess } from '../answer.ts';
import type { PublishCall, PublishOutcome } from '../publisher.ts';
import { POST_COLLECTION, procedure, uriOf, urlOf } from './api.ts';
import { errors, isBlobLost } from './errors.ts';
import { recordOf } from './record.ts';
import { blobs, evidenceOf } from './evidence.ts';

/**
 * One `putRecord` under the key that `prepare` remembered. A 2xx with our URI is a success, whether this call wrote the record or
 * it was there already. `swapRecord: null` forbids overwriting another record: Bluesky then answers 400 InvalidSwap, and `lookUp`
 * decides. (`createRecord` would answer 500 to a second send.)
 */
export async function publish(call: PublishCall): Promise<PublishOutcome> {
  const { rkey, createdAt } = evidenceOf(call);
  const record = recordOf(call);
  if (rkey === undefined || createdAt === undefined || !record) return prepareAgain('not prepared');

  const uri = uriOf(call.account, rkey);
  const response = await askPublicly(
    call,
    procedure(call, 'com.atproto.repo.putRecord', {
      repo: call.account.remoteAccountId,
      collection: POST_COLLECTION,
      rkey,
      swapRecord: null,
      record,
    }),
  );

  if (isSuccess(response) && decode(Written, response)?.uri === uri) {
    return { outcome: 'published', receipt: { remoteId: uri, url: urlOf(call.account, rkey) } };
  }
  if (isBlobLost(response)) {
    await blobs.forget(call, call.media);
    return prepareAgain('an uploaded file is gone');
  }
  return refusedOrUnclear(call, errors, response);
}

function prepareAgain(detail: string): PublishOutcome {
  const reason =
    'Bluesky no longer has the uploaded file. Nothing was published; it is uploaded again by itself.';
  return { outcome: 'retry', failure: { kind: 'unavailable', actor: 'platform', reason, detail } };
}

const Written = Type.Object({ uri: Type.String() });
