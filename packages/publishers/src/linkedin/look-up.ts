import { lookAndSay, readOrAskAgain, untilNextLookMs, type Unread } from '../look-up.ts';
import type { LookUpCall, LookUpOutcome } from '../publisher.ts';
import { isOrganization, receiptOf, urlOfPost } from './api.ts';
import { errors } from './errors.ts';
import { findPost } from './find-post.ts';
import { allowResend } from './resend.ts';

/** The documents do not say how soon a post is listed, so "absent" needs a look-up after the last of these. */
const LOOKS_AT_MS = [5_000, 30_000, 120_000];

/**
 * An app cannot read a member's posts (`r_member_social` is closed). So a person decides, or a second send if the author has
 * allowed it (`resendIfUnclear`). An organization's posts can be read.
 */
export async function lookUp(call: LookUpCall): Promise<LookUpOutcome> {
  if (isOrganization(call.account)) return lookForPost(call);
  if (await allowResend(call)) return { outcome: 'absent', unproved };
  return cannotTell(call, 'LinkedIn does not let SoloSpark look it up');
}

async function lookForPost(call: LookUpCall): Promise<LookUpOutcome> {
  const search = await findPost<Unread>(call, call.sendingSince, (request, read) =>
    readOrAskAgain(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  const { found, likeness, complete } = search.value;
  if (found) return { outcome: 'published', receipt: receiptOf(found.id) };

  const afterMs = untilNextLookMs(call, LOOKS_AT_MS);
  if (afterMs !== null) return { outcome: 'ask_again', afterMs, detail: 'not in the list of posts yet' };

  // "Absent" allows another send, so any doubt goes to a person instead.
  if (likeness === 'similar')
    return cannotTell(call, 'there is a new post that differs from it only a little');
  if (!complete) return cannotTell(call, 'there are too many new posts to look through');
  if (call.evidence['duplicateUrn'] !== undefined) return cannotTell(call, 'no such post is listed');
  return { outcome: 'absent' };
}

/**
 * If LinkedIn refused a second send as a duplicate, the post that it named is shown as a hint and not taken as the receipt.
 * LinkedIn has also named posts that do not exist, and the author may have posted the same text by hand. The post is sent once
 * more only if the author has chosen that: after LinkedIn's ten minutes it would be doubled.
 */
function cannotTell(call: LookUpCall, why: string): LookUpOutcome {
  const { duplicateUrn } = call.evidence;
  const hint =
    typeof duplicateUrn === 'string'
      ? `LinkedIn says that the same text is out already, at ${urlOfPost(duplicateUrn)}. `
      : '';
  return {
    outcome: 'uncertain',
    reason: `The post was sent to LinkedIn, but its answer got lost, and ${why}. ${hint}${lookAndSay('the profile there')}`,
  };
}

const unproved =
  'The post was sent to LinkedIn, but its answer got lost. It is sent once more, as you chose for this post: LinkedIn refuses ' +
  'it if it is out. Where that could not be done: ' +
  lookAndSay('the profile there').replace(/^L/, 'l');
