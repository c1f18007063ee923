import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { sinceSendingMs } from '../look-up.ts';
import type { PublishCall, LookUpCall } from '../publisher.ts';
import { settingsOf } from './settings.ts';

/**
 * LinkedIn refuses an exact duplicate for ten minutes and names the first post. So an author may allow a second send of a post
 * whose answer got lost; its answer then tells whether the post is out. Two minutes are left for the request.
 */
const RESEND_WITHIN_MS = 8 * 60_000;

/** The allowed second send. Times are RFC 3339. */
const Resend = Type.Object({
  /** When the first send began. A send that began later is the second. */
  of: Type.String(),
  until: Type.String(),
});

/** The second send that is due now. */
export function openResend({ evidence }: PublishCall): Static<typeof Resend> | null {
  return Value.Check(Resend, evidence['resend']) ? evidence['resend'] : null;
}

/**
 * At most one resend per delivery: true if a member's unclear post may be sent a second time. For the same send the result stays
 * the same until the time is over. After the second send it is false.
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
  // If a person later retries the post, that is a normal send.
  if (open) await call.remember({ resend: 'over' });
  return false;
}
