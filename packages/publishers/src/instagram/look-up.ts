import { Type, type Static } from 'typebox';
import { bearer, decode } from '../answer.ts';
import { lookAndSay, readOrAskAgain, sinceSendingMs, untilNextLookMs } from '../look-up.ts';
import type { LookUpCall, LookUpOutcome, Receipt } from '../publisher.ts';
import { readSettings } from '../settings.ts';
import { ofAccount, readStatus, statusRequest } from './api.ts';
import { errors } from './errors.ts';
import { settings } from './settings.ts';
import { containerIdOf, forgetContainer } from './evidence.ts';
import { levelText } from '../normalize.ts';

/** A publish call may still be on its way, so FINISHED means "not published" only after the last of these. */
const LOOKS_AT_MS = [5_000, 20_000, 60_000];
/** How long the list of media may lag before the post is reported without a link. */
const LINK_LOOKS_AT_MS = [5_000, 20_000];
const STILL_PROCESSING_PAUSE_MS = 30_000;
const STILL_PROCESSING_PATIENCE_MS = 60 * 60_000;
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Asks the container whether it has been published. */
export async function lookUp(call: LookUpCall): Promise<LookUpOutcome> {
  const containerId = containerIdOf(call);
  // Without a container `publish` makes no call.
  if (!containerId) return { outcome: 'absent' };

  const asked = await readOrAskAgain(call, errors, statusRequest(call, containerId), readStatus);
  if (asked.outcome !== 'done') return asked;
  switch (asked.value.status_code) {
    case 'PUBLISHED':
      return findReceipt(call, containerId);
    case 'FINISHED':
      return absentAfterLastLook(call);
    case 'IN_PROGRESS':
      return stillProcessing(call);
    case 'EXPIRED':
    case 'ERROR':
      await forgetContainer(call);
      return { outcome: 'absent' };
  }
}

function absentAfterLastLook(call: LookUpCall): LookUpOutcome {
  const afterMs = untilNextLookMs(call, LOOKS_AT_MS);
  if (afterMs === null) return { outcome: 'absent' };
  return { outcome: 'ask_again', afterMs, detail: 'the container is not published yet' };
}

function stillProcessing(call: LookUpCall): LookUpOutcome {
  if (sinceSendingMs(call) > STILL_PROCESSING_PATIENCE_MS) {
    return {
      outcome: 'uncertain',
      reason:
        'Instagram has been processing this post for an hour without saying whether it is out. ' +
        lookAndSay('the Instagram account'),
    };
  }
  return { outcome: 'ask_again', afterMs: STILL_PROCESSING_PAUSE_MS, detail: 'the container is in progress' };
}

/**
 * The post is out, but the container does not name it. So the account's media are searched for this caption. Captions can
 * repeat, and the newest item may be another post, so only exactly one match gives a link. Otherwise the receipt holds the
 * container's id, which identifies the publication but cannot be opened.
 */
async function findReceipt(call: LookUpCall, containerId: string): Promise<LookUpOutcome> {
  // The list has no stories, and a story has no caption to compare.
  if (readSettings(settings, call).kind === 'story') return published({ remoteId: containerId, url: null });
  const listed = await readOrAskAgain(
    call,
    errors,
    {
      method: 'GET',
      path: ofAccount(call, 'media'),
      query: { fields: 'id,caption,timestamp,permalink,media_type,media_product_type', limit: 50 },
      headers: bearer(call),
    },
    (response) => decode(MediaList, response)?.data,
  );
  const matches = listed.outcome === 'done' ? listed.value.filter((media) => isOurs(call, media)) : [];
  const [match] = matches;
  if (match && matches.length === 1) return published({ remoteId: match.id, url: match.permalink ?? null });

  const afterMs = matches.length === 0 ? untilNextLookMs(call, LINK_LOOKS_AT_MS) : null;
  if (afterMs !== null)
    return { outcome: 'ask_again', afterMs, detail: 'published, but not in the list of media yet' };
  return published({ remoteId: containerId, url: null });
}

function isOurs(call: LookUpCall, media: Media): boolean {
  const { containerPublished, containerCreatedAt } = call.evidence;
  // An earlier attempt published it, so the post is older than `sendingSince`.
  const byEarlierAttempt = containerPublished === true && typeof containerCreatedAt === 'string';
  const since = byEarlierAttempt ? Date.parse(containerCreatedAt) : call.sendingSince.getTime();
  const earliestMs = since - CLOCK_TOLERANCE_MS;
  return (
    levelText(media.caption ?? '') === levelText(call.text) &&
    Date.parse(isoOf(media.timestamp)) >= earliestMs &&
    media.media_product_type !== 'STORY' &&
    (media.media_type === undefined || media.media_type === typeOf(call))
  );
}

function typeOf({ media }: LookUpCall): string {
  if (media.length > 1) return 'CAROUSEL_ALBUM';
  return media[0]?.kind === 'video' ? 'VIDEO' : 'IMAGE';
}

/** The Graph API writes offsets as `+0000`, which `Date` need not accept. */
function isoOf(timestamp: string): string {
  return timestamp.replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
}

function published(receipt: Receipt): LookUpOutcome {
  return { outcome: 'published', receipt };
}

const Media = Type.Object({
  id: Type.String(),
  caption: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  timestamp: Type.String(),
  permalink: Type.Optional(Type.String()),
  media_type: Type.Optional(Type.String()),
  media_product_type: Type.Optional(Type.String()),
});
type Media = Static<typeof Media>;
const MediaList = Type.Object({ data: Type.Array(Media) });
