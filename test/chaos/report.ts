import { bold, dim, green, red, say, yellow } from '../../scripts/lib/report.mjs';
import type { AttemptRow, DeliveryRow, Evidence } from './evidence.ts';
import { readText, type PostRecord, type Record } from './record.ts';
import type { Violation } from './violation.ts';

// Prints the findings for people.

export interface Figures {
  posts: number;
  deliveries: number;
  byStatus: { [status: string]: number };
  requests: { [action: string]: { [answer: string]: number } };
  faults: { [kind: string]: number };
  faultCount: number;
  violations: { [kind: string]: number };
  uncertain: { [cause: string]: number };
  failed: { [cause: string]: number };
  lateness: { all: Percentiles; ordinary: Percentiles };
  answers5xx: number;
  slowestAnswerMs: number;
  crashes: string[];
}

export interface Percentiles {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  over5s: number;
}

export function figuresOf(record: Record, evidence: Evidence, violations: Violation[]): Figures {
  const exchanges = [...record.posts.values()].flatMap((post) => post.exchanges);
  const deliveries = [...evidence.deliveries.values()].flat();
  const fired = deliveries.filter((delivery) => delivery.dueAt !== null);
  const requests: Figures['requests'] = {};
  for (const { action, status, why } of exchanges)
    count((requests[action] ??= {}), String(status ?? why ?? 'none'));
  const causesOf = (status: string) =>
    countBy(
      fired.filter((delivery) => delivery.status === status),
      (delivery) => causeOf(delivery, evidence.attempts.get(delivery.id) ?? []),
    );
  const lateness = latenessOf(evidence, fired);
  const ordinary = lateness.filter(({ delivery }) =>
    wentOrdinarily(evidence.attempts.get(delivery.id) ?? []),
  );
  return {
    posts: record.posts.size,
    deliveries: fired.length,
    byStatus: countBy(fired, ({ status }) => status),
    requests,
    faults: countBy(record.incidents, ({ kind }) => kind),
    faultCount: record.incidents.length,
    violations: countBy(violations, ({ kind }) => kind),
    uncertain: causesOf('uncertain'),
    failed: causesOf('failed'),
    lateness: {
      all: percentiles(lateness.map(({ lateMs }) => lateMs)),
      ordinary: percentiles(ordinary.map(({ lateMs }) => lateMs)),
    },
    answers5xx: exchanges.filter(({ status }) => (status ?? 0) >= 500).length,
    slowestAnswerMs: Math.max(0, ...exchanges.map(({ sentAt, endedAt }) => endedAt - sentAt)),
    crashes: record.crashes,
  };
}

/** Why the delivery ended as it did, from its attempts. */
function causeOf(delivery: DeliveryRow, attempts: AttemptRow[]): string {
  const what = `${delivery.platform}: ${delivery.failureKind}`;
  if (delivery.status === 'failed') {
    return `${what} (${
      attempts
        .at(-1)
        ?.detail?.replace(/\d{6,}/g, '…')
        .slice(0, 100) ?? 'no detail'
    })`;
  }
  const sent = attempts.findLast((attempt) => attempt.sendingAt !== null);
  return sent?.outcome === 'superseded'
    ? `${what}; its sender died or froze after \`sending\` was committed`
    : `${what}; the answer to the public call was lost or unclear`;
}

interface Late {
  delivery: DeliveryRow;
  publicAt: number;
  lateMs: number;
}

function latenessOf(evidence: Evidence, fired: DeliveryRow[]): Late[] {
  const createdAt = new Map(
    evidence.publicPosts.map((post) => [
      `${post.platform} ${post.account} ${readText(post.text)?.number}`,
      Date.parse(post.createdAt),
    ]),
  );
  return fired.flatMap((delivery) => {
    const number = readText(evidence.posts.get(delivery.postId)?.text ?? '')?.number;
    const publicAt = createdAt.get(`${delivery.platform} ${delivery.handle} ${number}`);
    if (publicAt === undefined || !delivery.dueAt) return [];
    return [{ delivery, publicAt, lateMs: publicAt - delivery.dueAt.getTime() }];
  });
}

/** Woken by its job, and done at the first attempt: no fault affected it. */
function wentOrdinarily(attempts: AttemptRow[]): boolean {
  return attempts.length === 1 && attempts[0]?.trigger === 'job';
}

function percentiles(values: number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    count: sorted.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: sorted.at(-1) ?? 0,
    over5s: sorted.filter((value) => value > 5_000).length,
  };
}

export function printFigures(figures: Figures): void {
  const list = (counts: { [name: string]: number }) =>
    Object.entries(counts)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, n]) => `${name} ${n}`)
      .join(', ') || 'none';
  const number = (kind: string) => {
    const n = figures.violations[kind] ?? 0;
    return n === 0 ? green('0') : red(String(n));
  };
  const late = ({ count: n, p50, p95, p99, max, over5s }: Percentiles) =>
    `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, max ${max} ms; ${over5s} of ${n} over 5 s`;
  say('');
  say(`posts       ${figures.posts}; deliveries that fired ${figures.deliveries}: ${list(figures.byStatus)}`);
  for (const [action, answers] of Object.entries(figures.requests))
    say(`  ${action.padEnd(10)}${list(answers)}`);
  say(`faults      ${figures.faultCount}: ${list(figures.faults)}`);
  say(`5xx answers ${figures.answers5xx}; the slowest answer took ${figures.slowestAnswerMs} ms`);
  say(`lateness    ${late(figures.lateness.all)}`);
  say(`  woken by its job, one attempt: ${late(figures.lateness.ordinary)}`);
  for (const [what, causes] of [
    ['uncertain', figures.uncertain],
    ['failed', figures.failed],
  ] as const) {
    for (const [cause, n] of Object.entries(causes)) say(`${what.padEnd(11)} ${n} × ${cause}`);
  }
  for (const crash of figures.crashes) say(yellow(`crash       ${crash}`));
  say(
    bold(
      [
        'lost',
        'doubled',
        'early',
        'superseded',
        'stale',
        'after-cancel',
        'untrue',
        'refused-but-done',
        'stuck',
        'ledger',
      ]
        .map((kind) => `${kind} ${number(kind)}`)
        .join('  '),
    ),
  );
}

/** All that is known about one violation. */
export function printViolation(violation: Violation, record: Record, evidence: Evidence): void {
  say('');
  say(red(`VIOLATION ${violation.kind}: post ${violation.number}: ${violation.what}`));
  const post = record.posts.get(violation.number);
  if (!post) return;
  const row = evidence.posts.get(post.postId ?? '');
  say(`  post ${JSON.stringify(row)}`);
  for (const delivery of evidence.deliveries.get(post.postId ?? '') ?? []) {
    if (violation.deliveryId !== undefined && delivery.id !== violation.deliveryId) continue;
    say(`  delivery ${JSON.stringify(delivery)}`);
    for (const attempt of evidence.attempts.get(delivery.id) ?? [])
      say(`    attempt ${JSON.stringify(attempt)}`);
    const there = evidence.publicPosts.filter(
      (each) =>
        each.platform === delivery.platform &&
        each.account === delivery.handle &&
        readText(each.text)?.number === violation.number,
    );
    for (const each of there) say(`    public ${each.id} at ${each.createdAt}: "${each.text}"`);
    const [from, to] = [
      (delivery.dueAt?.getTime() ?? 0) - 2_000,
      (delivery.publishedAt?.getTime() ?? Date.now()) + 2_000,
    ];
    for (const { kind, target, from: began, to: ended } of record.incidents) {
      if (began <= to && ended >= from) {
        say(
          dim(
            `    meanwhile ${kind} on ${target}, ${time(began)} to ${Number.isFinite(ended) ? time(ended) : '…'}`,
          ),
        );
      }
    }
  }
  printExchanges(post);
}

function printExchanges(post: PostRecord): void {
  for (const {
    action,
    sentAt,
    endedAt,
    status,
    why,
    outcome,
    text,
    scheduledAt,
    ifMatch,
    api,
    snapshot,
  } of post.exchanges) {
    const sent = [text, scheduledAt, ifMatch].filter((part) => part !== undefined).join(' ');
    const shown = snapshot
      ? ` → r${snapshot.revision} ${snapshot.status} ${snapshot.scheduledAt ?? ''} "${snapshot.text}"`
      : '';
    say(
      `  ${time(sentAt)}–${time(endedAt)} api ${api} ${action} ${sent}: ${outcome} ${status ?? ''} ${why ?? ''}${shown}`,
    );
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}

function count(counts: { [name: string]: number }, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function countBy<T>(values: T[], nameOf: (value: T) => string): { [name: string]: number } {
  const counts: { [name: string]: number } = {};
  for (const value of values) count(counts, nameOf(value));
  return counts;
}
