import { lookAndSay, readOrAskAgain, untilNextLookMs, type Unread } from '../look-up.ts';
import type { LookUpCall, LookUpOutcome } from '../publisher.ts';
import { receiptOf } from './api.ts';
import { askMedia } from './ask-media.ts';
import { errors } from './errors.ts';
import { findStatus } from './find-status.ts';
import { isMastodon, keyPreventsDuplicate } from './key-prevents-duplicate.ts';
import { visibilityOf } from './visibility.ts';
import { currentMediaIds } from './uploads.ts';

/** The documents do not say how soon a status is listed, so "absent" needs a look-up after the last of these. */
const LOOKS_AT_MS = [5_000, 30_000, 120_000];
/** Used if a second send could make a second post: the first gets more time to appear. */
const LATER_LOOKS_AT_MS = [300_000, 600_000];
/** Used if there is a hint that the post is out. */
const PATIENT_LOOKS_AT_MS = [...LATER_LOOKS_AT_MS, 1_800_000, 3_600_000];

/** Searches the account's statuses that are newer than the mark of `prepare`. */
export async function lookUp(call: LookUpCall): Promise<LookUpOutcome> {
  const search = await findStatus<Unread>(call, (request, read) =>
    readOrAskAgain(call, errors, request, read),
  );
  if (search.outcome !== 'done') return search;
  const { found, likeness, complete } = search.value;
  if (found) return { outcome: 'published', receipt: receiptOf(found) };

  const afterMs = untilNextLookMs(call, LOOKS_AT_MS);
  if (afterMs !== null) return { outcome: 'ask_again', afterMs, detail: 'not in the list of statuses yet' };

  // "Absent" allows another send, so any doubt goes to a person instead.
  if (likeness === 'similar') return cannotTell('there is a new post that differs from it only a little');
  if (!complete) return cannotTell('there are too many new posts to look through');
  const mediaIds = currentMediaIds(call);
  return mediaIds.length > 0 ? askFiles(call, mediaIds) : absentInTime(call);
}

/** On Mastodon a file can be read only while no status has it. So if all files can be read, the post is not out. */
async function askFiles(call: LookUpCall, mediaIds: string[]): Promise<LookUpOutcome> {
  for (const mediaId of mediaIds) {
    const asked = await askMedia(call, mediaId);
    if (asked.state === 'not-told') return absentInTime(call);
    if (asked.state !== 'gone' && asked.state !== null) continue;
    const afterMs = untilNextLookMs(call, PATIENT_LOOKS_AT_MS);
    if (afterMs !== null) return { outcome: 'ask_again', afterMs, detail: asked.detail };
    if (asked.state === null) return cannotTell('the server did not say whether its file is in a post');
    await call.remember({ mediaGone: true });
    return cannotTell('the server no longer has its file, as if it were in a post');
  }
  return (await isMastodon(call)) ? { outcome: 'absent' } : absentInTime(call);
}

async function absentInTime(call: LookUpCall): Promise<LookUpOutcome> {
  const afterMs = untilNextLookMs(call, LATER_LOOKS_AT_MS);
  if (afterMs !== null && !(await keyPreventsDuplicate(call))) {
    return { outcome: 'ask_again', afterMs, detail: 'not listed; the server may not know keys' };
  }
  // Some software lists only public posts, even to their author (snac).
  const isListed = visibilityOf(call) === 'public' || (await isMastodon(call));
  return isListed ? { outcome: 'absent' } : cannotTell('its server may list public posts only');
}

function cannotTell(what: string): LookUpOutcome {
  return {
    outcome: 'uncertain',
    reason:
      `The post was sent to the Mastodon server, but its answer got lost, and ${what}. ` +
      lookAndSay('your profile there'),
  };
}
