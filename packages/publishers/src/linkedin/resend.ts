import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { sinceSendingMs } from '../look-up.ts';
import type { PublishCall, LookUpCall } from '../publisher.ts';
import { settingsOf } from './settings.ts';

/**
 * LinkedIn refuses an exact duplicate for ten minutes, and names the post that is in the way. So an author may have a post
 * whose answer got lost sent once more, as a question. Two minutes are left for the way there.
 */
const RESEND_WITHIN_MS = 8 * 60_000;

/** The second sending that is allowed. Instants are RFC 3339. */
const Resend = Type.Object({
  /** When the first began: a later sending was the second. */
  of: Type.String(),
  until: Type.String(),
});

/** The second sending that is to be made now. */
export function openResend({ evidence }: PublishCall): Static<typeof Resend> | null {
  return Value.Check(Resend, evidence['resend']) ? evidence['resend'] : null;
}

/**
 * Whether an unclear sending of a member's post may be answered by a second one. Asked again about the same sending, it
 * answers the same until the time is up; asked about another one, that was the second, and there is no third.
 */
export async function allowResend(call: LookUpCall): Promise<boolean> {
  if (!settingsOf(call).resendIfUnclear) return false;
  const { resend: noted, duplicateUrn } = call.evidence;
  const open = openResend(call);
  const of = call.sendingSince.toISOString();
  if (open?.of === of && call.now().getTime() < Date.parse(open.until)) return true;
  if (noted === undefined && duplicateUrn === undefined && sinceSendingMs(call) < RESEND_WITHIN_MS) {
    const until = new Date(call.sendingSince.getTime() + RESEND_WITHIN_MS).toISOString();
    await call.remember({ resend: { of, until } });
    return true;
  }
  // Should a person have it sent again, that is a sending like any other.
  if (open) await call.remember({ resend: 'over' });
  return false;
}
