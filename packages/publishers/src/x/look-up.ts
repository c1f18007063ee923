import { lookAndSay, readOrAskAgain, untilNextLookMs, type Unread } from '../look-up.ts';
import type { LookUpCall, LookUpOutcome } from '../publisher.ts';
import { errors } from './errors.ts';
import { findPost } from './find-post.ts';
import { receiptOf } from './publish.ts';

/** How soon X lists a new post is documented nowhere, so "it is not there" takes a look after the last of these. */
const LOOKS_AT_MS = [5_000, 30_000, 120_000];

/** Looks for the sent text among the author's posts that are newer than the one noted by `prepare`. */
export async function lookUp(call: LookUpCall): Promise<LookUpOutcome> {
  const search = await findPost<Unread>(call, call.sendingSince, (request, read) =>
    readOrAskAgain(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  const { found, likeness, complete } = search.value;
  if (found) return { outcome: 'published', receipt: receiptOf(call, found.id) };

  const afterMs = untilNextLookMs(call, LOOKS_AT_MS);
  if (afterMs !== null) return { outcome: 'ask_again', afterMs, detail: 'not in the list of posts yet' };

  // "Absent" allows another send, so everything that speaks against it goes to a person instead.
  if (likeness === 'similar') return cannotTell('there is a new post that differs from it only a little');
  if (!complete) return cannotTell('there are too many new posts to look through');
  if (call.evidence['duplicateRefused'] === true) {
    // Not one newer than the mark: X holds an older post against us. Sending again would be refused again, for ever.
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
