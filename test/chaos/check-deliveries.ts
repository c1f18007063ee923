import { groupBy, type DeliveryRow, type Evidence, type PostRow, type PublicPost } from './evidence.ts';
import { readText, type Record } from './record.ts';
import type { Violation } from './violation.ts';

// Compares the rows and the ledger with what is really public: I1, I2, I4, and the part of I3 that nothing is early.

/** The sandbox's timestamps are whole milliseconds, of the same machine's clock. */
const EARLY_TOLERANCE_MS = 5;

export function checkDeliveries(record: Record, evidence: Evidence): Violation[] {
  const numbers = new Map([...record.posts.values()].map((post) => [post.postId, post.life.number]));
  const shown = groupBy(evidence.publicPosts, (post) =>
    keyOf(post.platform, post.account, readText(post.text)?.number),
  );
  const found: Violation[] = [];
  for (const [postId, deliveries] of evidence.deliveries) {
    const post = evidence.posts.get(postId);
    // A repeated creation leaves a second post with the same number. The author does not know it, and it never fires.
    const number = numbers.get(postId) ?? readText(post?.text ?? '')?.number ?? 0;
    const isTwin = !numbers.has(postId);
    for (const delivery of deliveries) {
      const key = keyOf(delivery.platform, delivery.handle, number);
      const there = isTwin ? [] : (shown.get(key) ?? []);
      if (!isTwin) shown.delete(key);
      const at = (kind: Violation['kind'], what: string) =>
        found.push({
          kind,
          number,
          deliveryId: delivery.id,
          what: `${what} (${delivery.platform} ${delivery.handle})`,
        });
      if (post) checkDelivery(post, delivery, there, at);
      if (
        record.incidents.length === 0 &&
        (delivery.status === 'failed' || delivery.status === 'uncertain')
      ) {
        at('lost', `it is ${delivery.status}, although nothing had gone wrong: ${delivery.failureReason}`);
      }
      checkLedger(delivery, evidence, at);
    }
    if (post) checkEnd(post, deliveries, (kind, what) => found.push({ kind, number, what }));
  }
  for (const posts of shown.values()) {
    const [post] = posts;
    if (!post) continue;
    const what = `"${post.text}" is public on ${post.platform} ${post.account}, but belongs to no delivery`;
    found.push({ kind: 'untrue', number: readText(post.text)?.number ?? 0, what });
  }
  return found;
}

type Find = (kind: Violation['kind'], what: string) => void;

function checkDelivery(post: PostRow, delivery: DeliveryRow, there: PublicPost[], find: Find): void {
  const { status, dueAt } = delivery;
  if (there.length > 1)
    find('doubled', `it is public ${there.length} times: ${there.map(({ id }) => id).join(', ')}`);
  if (dueAt === null) {
    if (there.length > 0) find('after-cancel', 'it is public, but never fired');
    if (status !== 'pending') find('ledger', `it is ${status}, but never fired`);
    return;
  }
  for (const { createdAt, text } of there) {
    const earlyMs = dueAt.getTime() - Date.parse(createdAt);
    if (earlyMs > EARLY_TOLERANCE_MS)
      find('early', `it was public ${earlyMs} ms before ${dueAt.toISOString()}`);
    if (text !== post.text) find('stale', `"${text}" is public, but the post's text is "${post.text}"`);
  }
  switch (status) {
    case 'published':
      if (there.length === 0) find('untrue', 'it is published in the row, but not public');
      // Instagram may not tell the id under which a container was published; then the receipt has the container's id.
      else if (delivery.platform !== 'instagram' && !there.some(({ id }) => id === delivery.remoteId)) {
        find('untrue', `its receipt names ${delivery.remoteId}, but ${there[0]?.id} is public`);
      }
      return;
    case 'failed':
      if (there.length > 0) find('untrue', 'it is failed in the row, but public');
      if (!delivery.failureReason) find('lost', 'it failed without a reason');
      return;
    case 'uncertain':
      if (!delivery.failureReason) find('lost', 'it is uncertain without a reason');
      return;
    default:
      find(
        'stuck',
        `it is ${status} (lease ${time(delivery.leaseUntil)}, next ${time(delivery.nextAttemptAt)})`,
      );
  }
}

/**
 * Every claim has its row, and every row was closed once. A superseded holder that still brings a receipt raises the fencing
 * number once more, without a row.
 */
function checkLedger(delivery: DeliveryRow, evidence: Evidence, find: Find): void {
  const attempts = evidence.attempts.get(delivery.id) ?? [];
  const overtakenReceipt = attempts.some(({ detail }) => detail === 'answered after its lease had run out');
  if (attempts.length !== delivery.fence - (overtakenReceipt ? 1 : 0)) {
    find('ledger', `claimed ${delivery.fence} times, but the ledger has ${attempts.length} attempts`);
  }
  if (delivery.status === 'publishing') return;
  const open = attempts.filter(({ endedAt }) => endedAt === null);
  if (open.length > 0)
    find('ledger', `attempts ${open.map(({ fence }) => fence).join(', ')} were never closed`);
}

function checkEnd(post: PostRow, deliveries: DeliveryRow[], find: Find): void {
  if (!deliveries.some(({ dueAt }) => dueAt !== null)) return;
  if (deliveries.some(({ status }) => status === 'pending' || status === 'publishing')) return;
  const published = deliveries.filter(({ status }) => status === 'published').length;
  const expected =
    published === deliveries.length ? 'published' : published > 0 ? 'partially_published' : 'failed';
  if (post.status !== expected) find('stuck', `all of its deliveries have ended, but it is ${post.status}`);
  else if (post.scheduledAt ?? post.scheduleJobId) find('stuck', 'it has ended, but is still scheduled');
}

function keyOf(platform: string, account: string, number: number | undefined): string {
  return `${platform} ${account} ${number}`;
}

function time(date: Date | null): string {
  return date?.toISOString() ?? 'none';
}
