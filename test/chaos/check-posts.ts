import type { DeliveryRow, Evidence, PostRow } from './evidence.ts';
import type { Exchange, PostRecord, Record, Snapshot } from './record.ts';
import { landedBy, mayBeDone, mayStand, type Write } from './register.ts';
import type { Violation } from './violation.ts';

// Compares the API's answers with the rows: I3, I5, and the part of I1 that nothing is lost.

/** `due_at` of a post that is published at once lies between request and answer, by the same machine's clock. */
const CLOCK_TOLERANCE_MS = 50;

export function checkPosts(record: Record, evidence: Evidence): Violation[] {
  return [...record.posts.values()].flatMap((post) => {
    if (post.postId === undefined) return [];
    const row = evidence.posts.get(post.postId);
    const at = (kind: Violation['kind'], what: string): Violation => ({
      kind,
      number: post.life.number,
      what,
    });
    if (!row) return [at('lost', 'the API created it (201), but there is no row')];
    const deliveries = evidence.deliveries.get(row.id) ?? [];
    return [
      ...checkText(post, row).map((what) => at('stale', what)),
      ...checkPlan(post, row, deliveries).map(([kind, what]) => at(kind, what)),
      ...checkDeletes(post, evidence, deliveries).map((what) => at('after-cancel', what)),
      ...checkRevisions(post, row).map((what) => at('refused-but-done', what)),
    ];
  });
}

function checkText(post: PostRecord, row: PostRow): string[] {
  const writes = post.exchanges.flatMap((exchange): Write[] =>
    exchange.text === undefined ? [] : [{ value: exchange.text, exchange }],
  );
  const found: string[] = [];
  if (!mayStand(row.text, writes)) found.push(`its text is "${row.text}", which was refused or replaced`);
  const newer = overtaking(
    snapshotsOf(post, row),
    ({ text }) => text === row.text,
    writes.filter(({ value }) => value === row.text),
  );
  if (newer)
    found.push(
      `its text is "${row.text}", but the API showed revision ${newer.revision} with "${newer.text}"`,
    );
  return found;
}

/** Checks whether, when and why the post fired, or why it did not. */
function checkPlan(post: PostRecord, row: PostRow, deliveries: DeliveryRow[]): [Violation['kind'], string][] {
  const due = deliveries.filter((delivery) => delivery.dueAt !== null);
  // A retry sets `due_at` to its own time; the first time is not stored any more.
  const fired = due.find((delivery) => !wasRetried(post, delivery)) ?? due[0];
  const writes = planWrites(post);
  if (row.deletedAt && !fired) {
    const asked = post.exchanges.some((exchange) => exchange.action === 'delete' && mayBeDone(exchange));
    return asked ? [] : [['lost', 'it is deleted, but no deletion was granted']];
  }
  if (row.status === 'scheduled')
    return [['stuck', `it is still scheduled, for ${row.scheduledAt?.toISOString()}`]];
  if (!fired) {
    if (row.status !== 'draft') return [['stuck', `it is ${row.status}, but no delivery has fired`]];
    return mayStand('draft', writes)
      ? []
      : [['lost', 'it is a draft, but the API had granted to publish it']];
  }
  if (wasRetried(post, fired)) return [];
  const dueAt = fired.dueAt?.toISOString() ?? '';
  // A post may be published at once in the same millisecond that it was also scheduled for.
  const scheduled = writes.some((write) => write.value === dueAt);
  const atOnce = writes.some((write) => write.value === 'now' && spans(write.exchange, dueAt));
  const faults = [
    ...(scheduled ? [checkFiring(post, row, writes, dueAt, dueAt)] : []),
    ...(atOnce || !scheduled ? [checkFiring(post, row, writes, dueAt, 'now')] : []),
  ];
  return faults.some((found) => found.length === 0) ? [] : (faults[0] ?? []);
}

/** Checks whether it may have fired for `dueAt` because of the requests for `value`: a time, or `now`. */
function checkFiring(
  post: PostRecord,
  row: PostRow,
  writes: Write[],
  dueAt: string,
  value: string,
): [Violation['kind'], string][] {
  const scheduled = value !== 'now';
  const relevant = writes.filter(({ value: wanted, exchange }) => {
    if (wanted !== 'now') return true;
    // "Publish now" after the due time has no effect: the post is already publishing.
    return scheduled ? exchange.sentAt < Date.parse(dueAt) : spans(exchange, dueAt);
  });
  const granted = writes.filter((write) => write.value === value && mayBeDone(write.exchange));
  if (granted.length === 0) return [['superseded', `it fired for ${dueAt}, which was never granted`]];
  if (!mayStand(value, relevant)) {
    const canceled = writes.some(
      (write) =>
        write.value === 'draft' &&
        write.exchange.outcome === 'done' &&
        granted.every(({ exchange }) => write.exchange.sentAt > landedBy(exchange)),
    );
    return [
      [
        canceled ? 'after-cancel' : 'superseded',
        `it fired for ${dueAt} (${value}), which was no longer valid`,
      ],
    ];
  }
  if (!scheduled) return [];
  const shown = snapshotsOf(post, row).filter(({ status }) => status === 'draft' || status === 'scheduled');
  const newer = overtaking(shown, ({ scheduledAt }) => scheduledAt === dueAt, granted);
  const what = `it fired for ${dueAt}, but the API showed revision ${newer?.revision} as ${newer?.scheduledAt ?? 'a draft'}`;
  return newer ? [[newer.scheduledAt === null ? 'after-cancel' : 'superseded', what]] : [];
}

function planWrites(post: PostRecord): Write[] {
  return post.exchanges.flatMap((exchange): Write[] => {
    switch (exchange.action) {
      case 'create':
      case 'cancel':
        return [{ value: 'draft', exchange }];
      case 'schedule':
        return [{ value: exchange.scheduledAt ?? '', exchange }];
      case 'publish':
        return [{ value: 'now', exchange }];
      default:
        return [];
    }
  });
}

function spans(exchange: Exchange, dueAt: string): boolean {
  const due = Date.parse(dueAt);
  return due >= exchange.sentAt - CLOCK_TOLERANCE_MS && due <= landedBy(exchange) + CLOCK_TOLERANCE_MS;
}

function wasRetried(post: PostRecord, { dueAt }: DeliveryRow): boolean {
  const retries = post.exchanges.filter((exchange) => exchange.action === 'retry' && mayBeDone(exchange));
  return dueAt !== null && retries.some((exchange) => spans(exchange, dueAt.toISOString()));
}

/** No attempt begins after a deletion was granted. */
function checkDeletes(post: PostRecord, evidence: Evidence, deliveries: DeliveryRow[]): string[] {
  const granted = post.exchanges.filter(({ action, outcome }) => action === 'delete' && outcome === 'done');
  const deletedAt = Math.min(...granted.map(({ endedAt }) => endedAt));
  return deliveries.flatMap((delivery) =>
    (evidence.attempts.get(delivery.id) ?? [])
      .filter((attempt) => attempt.startedAt.getTime() > deletedAt + CLOCK_TOLERANCE_MS)
      .map(
        (attempt) => `attempt ${attempt.fence} on ${delivery.platform} began after the deletion was granted`,
      ),
  );
}

/** Each granted change raises the revision by one; a refused one must not. */
function checkRevisions(post: PostRecord, row: PostRow): string[] {
  const mayHaveChanged = post.exchanges.filter(
    (exchange) => exchange.action !== 'create' && exchange.action !== 'read' && mayBeDone(exchange),
  ).length;
  if (row.revision - 1 <= mayHaveChanged) return [];
  return [`it is at revision ${row.revision}, but only ${mayHaveChanged} changes were granted`];
}

interface Shown extends Snapshot {
  askedAt: number;
}

/** The snapshots that the API showed, up to the revision that fired. */
function snapshotsOf(post: PostRecord, row: PostRow): Shown[] {
  const last = row.deletedAt ? row.revision - 1 : row.revision;
  return post.exchanges.flatMap(({ snapshot, sentAt }) =>
    snapshot && snapshot.id === row.id && snapshot.revision <= last ? [{ ...snapshot, askedAt: sentAt }] : [],
  );
}

/**
 * Finds a snapshot without the expected value that is newer than the last snapshot with it. Not counted when a request for the
 * value got no answer, and may have been carried out after that snapshot.
 */
function overtaking(shown: Shown[], saysIt: (one: Snapshot) => boolean, wanted: Write[]): Shown | undefined {
  const lastShown = Math.max(0, ...shown.filter(saysIt).map(({ revision }) => revision));
  if (lastShown === 0) return undefined;
  return shown.find(
    (one) =>
      !saysIt(one) &&
      one.revision > lastShown &&
      !wanted.some(({ exchange }) => exchange.outcome === 'unknown' && landedBy(exchange) > one.askedAt),
  );
}
