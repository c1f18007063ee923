import { lookAndSay, readOrAskAgain, untilNextLookMs, type Unread } from '../look-up.ts';
import type { LookUpCall, LookUpOutcome } from '../publisher.ts';
import { errors } from './errors.ts';
import { findPost } from './find-post.ts';
import { receiptOf } from './publish.ts';

/** The documents do not say how soon a post is listed, so "absent" needs a look-up after the last of these. */
const LOOKS_AT_MS = [5_000, 30_000, 120_000];

/** Searches the author's posts newer than the mark of `prepare` for the sent text. */
export async function lookUp(call: LookUpCall): Promise<LookUpOutcome> {
  const search = await findPost<Unread>(call, call.sendingSince, (request, read) =>
    readOrAskAgain(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  const { found, likeness, complete } = search.value;
  if (found) return { outcome: 'published', receipt: receiptOf(call, found.id) };

  const afterMs = untilNextLookMs(call, LOOKS_AT_MS);
  if (afterMs !== null) return { outcome: 'ask_again', afterMs, detail: 'not in the list of posts yet' };

  // "Absent" allows another send, so any doubt goes to a person instead.
  if (likeness === 'similar') return cannotTell('there is a new post that differs from it only a little');
  if (!complete) return cannotTell('there are too many new posts to look through');
  if (call.evidence['duplicateRefused'] === true) {
    // No match is newer than the mark, so X means an older post. Every further send would be refused.
    return {
      outcome: 'uncertain',
      reason:
        'X refuses this post as a duplicate, and no new post with this text can be found: an older post of yours has ' +
        'the same text. Look at your X profile. If it is not there, create a new post with another text.',
    };
  }
  return { outcome: 'absent' };
}

function cannotTell(what: string): LookUpOutcome {
  return {
    outcome: 'uncertain',
    reason: `The post was sent to X, but its answer got lost, and ${what}. ` + lookAndSay('your X profile'),
  };
}
