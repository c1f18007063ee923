import { Type } from 'typebox';
import { answerOrNone, decode } from '../answer.ts';
import { NoAnswerError } from '../http.ts';
import type { LookUpCall } from '../publisher.ts';

/** A server keeps a key for up to an hour. The rest of that hour is left for the steps before the next send. */
const KEY_LIVES_MS = 45 * 60_000;

/**
 * True if a second send with the same key would return the first status instead of making a second one. Mastodon itself promises
 * that. Other software puts its name into the version and may ignore keys. This only shortens the wait: the proof is the list,
 * which has shown nothing for two minutes by then.
 */
export async function keyPreventsDuplicate(call: LookUpCall): Promise<boolean> {
  const { notedAt } = call.evidence;
  // The post is newer than the mark, so the server keeps its key until at least an hour after the mark was noted.
  const notedMs = typeof notedAt === 'string' ? Date.parse(notedAt) : Number.NEGATIVE_INFINITY;
  return call.now().getTime() - notedMs <= KEY_LIVES_MS && (await isMastodon(call));
}

/** True for Mastodon itself; only the version distinguishes it from other software. False if the server does not answer. */
export async function isMastodon(call: LookUpCall): Promise<boolean> {
  const answer = await answerOrNone(call, { method: 'GET', path: '/api/v2/instance' });
  if (answer instanceof NoAnswerError || answer.status !== 200) return false;
  return /^[2-9]\d*\.\d+\.\d+([-+.][\w.+-]*)?$/.test(decode(Instance, answer)?.version ?? '');
}

const Instance = Type.Object({ version: Type.String() });
