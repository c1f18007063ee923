import { Type } from 'typebox';
import { answerOrNone, bearer, decode, isSuccess } from '../answer.ts';
import { NoAnswerError } from '../http.ts';
import type { PublishCall } from '../publisher.ts';
import { choicesOf } from './settings.ts';

const VISIBILITIES = ['public', 'unlisted', 'private'];

/**
 * Remembers the account's default visibility, unless the author has chosen another. Mastodon applies the default by itself
 * (`post_status_service.rb`: `setting_default_privacy`); other software publishes to everybody, so the default is sent. If the
 * server does not tell it, no visibility is sent and the post goes out anyway.
 */
export async function noteAccountPrivacy(call: PublishCall): Promise<void> {
  if (choicesOf(call).visibility !== 'account' || call.evidence['privacy'] !== undefined) return;
  const path = '/api/v1/accounts/verify_credentials';
  const response = await answerOrNone(call, { method: 'GET', path, headers: bearer(call) });
  if (response instanceof NoAnswerError || !isSuccess(response)) return;
  const privacy = decode(OwnAccount, response)?.source.privacy;
  if (privacy !== undefined && VISIBILITIES.includes(privacy)) await call.remember({ privacy });
}

/** The visibility to send; undefined: the server decides. */
export function visibilityOf(call: Pick<PublishCall, 'settings' | 'evidence'>): string | undefined {
  const { visibility } = choicesOf(call);
  if (visibility !== 'account') return visibility;
  const { privacy } = call.evidence;
  return typeof privacy === 'string' ? privacy : undefined;
}

const OwnAccount = Type.Object({ source: Type.Object({ privacy: Type.String() }) });
