import { Type } from 'typebox';
import { answerOrNone, decode } from '../answer.ts';
import { NoAnswerError } from '../http.ts';
import type { LookUpCall } from '../publisher.ts';

/** A server keeps a key for up to an hour; the time in between is for what still has to happen before the next send. */
const KEY_LIVES_MS = 45 * 60_000;

/**
 * Would sending again with the same key, should the first send have landed after all, only bring its status back? That
 * is Mastodon's own promise; other software puts its name into the version, and may not know keys. It only shortens
 * the wait: what is believed rests on the list, which has shown nothing for two minutes by then.
 */
export async function keyPreventsDuplicate(call: LookUpCall): Promise<boolean> {
  const { notedAt } = call.evidence;
  // The post cannot be older than the noting of the mark, so its key is kept until an hour after that at least.
  const notedMs = typeof notedAt === 'string' ? Date.parse(notedAt) : Number.NEGATIVE_INFINITY;
  return call.now().getTime() - notedMs <= KEY_LIVES_MS && (await isMastodon(call));
}

/** Mastodon itself: not to be told from other software by anything but its version. No answer: it may be other software. */
export async function isMastodon(call: LookUpCall): Promise<boolean> {
  const answer = await answerOrNone(call, { method: 'GET', path: '/api/v2/instance' });
  if (answer instanceof NoAnswerError || answer.status !== 200) return false;
  return /^[2-9]\d*\.\d+\.\d+([-+.][\w.+-]*)?$/.test(decode(Instance, answer)?.version ?? '');
}

const Instance = Type.Object({ version: Type.String() });
