import { Type } from 'typebox';
import { answerOrNone, bearer, decode, isSuccess, type Refusal } from '../answer.ts';
import { NoAnswerError } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { ofAccount } from './api.ts';
import { dailyLimit } from './refusals.ts';

const TIMEOUT_MS = 5_000;

/**
 * Reads the quota before a container is made: a container that cannot be published wastes one of 400, and Meta's documents do not
 * agree on the number of posts. Only a clear "used up" stops the post; otherwise the public call is refused if the quota is used
 * up.
 */
export async function findUsedUpQuota(call: PublishCall): Promise<Refusal | null> {
  const response = await answerOrNone(call, {
    method: 'GET',
    path: ofAccount(call, 'content_publishing_limit'),
    query: { fields: 'quota_usage,config' },
    headers: bearer(call),
    timeoutMs: TIMEOUT_MS,
  });
  if (response instanceof NoAnswerError || !isSuccess(response)) return null;
  const [quota] = decode(Quotas, response)?.data ?? [];
  if (!quota || quota.quota_usage < quota.config.quota_total) return null;
  const refusal = dailyLimit(call.now());
  const detail = `${quota.quota_usage} of ${quota.config.quota_total} posts used`;
  return { ...refusal, failure: { ...refusal.failure, detail } };
}

const Quotas = Type.Object({
  data: Type.Array(
    Type.Object({
      quota_usage: Type.Number(),
      config: Type.Object({ quota_total: Type.Number() }),
    }),
  ),
});
