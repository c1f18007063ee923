// The protections of the publishing core, and how each is switched off in what was built.

export interface Protection {
  name: string;
  /** What stands in its place, in words. */
  instead: string;
  /** Each must be found; all occurrences are replaced. */
  patches: { file: string; find: RegExp; replace: string }[];
  /** The load and faults that need it. */
  mix: string;
  seed: number;
  minutes: number;
  engine?: 'redis' | 'postgres';
  /** Where the violation is that something never ends, there is no use in waiting long. */
  quietSeconds?: number;
}

const deliveries = (name: string) => `packages/domain/dist/delivery/${name}.repository.js`;
const posts = 'packages/domain/dist/post/post.repository.js';
const firing = 'packages/domain/dist/firing/firing.repository.js';
const delivery = (name: string) => `packages/domain/dist/delivery/${name}.js`;
const worker = (name: string) => `packages/domain/dist/worker/${name}.js`;

export const protections: Protection[] = [
  {
    name: 'the fence',
    instead: 'whoever holds a delivery in status publishing may write, under any number',
    patches: [
      {
        file: deliveries('lease'),
        find: /WHERE fence = claimed_as AND claim_token = claimed_with AND status = 'publishing'/g,
        replace: `WHERE status = 'publishing'`,
      },
      {
        file: deliveries('claim'),
        find: /AND found\.fence = claimed_as AND found\.claim_token = claimed_with AND found\.status = 'publishing'/g,
        replace: `AND found.status = 'publishing'`,
      },
    ],
    mix: 'long-pauses',
    seed: 1,
    minutes: 0.8,
  },
  {
    name: 'the deadline before the socket',
    instead: 'a worker that slept past its lease sends all the same',
    patches: [
      { file: delivery('lease'), find: /throw new TooLateToSendError\(\);/g, replace: ';' },
      // The time limit of the call counts from before the pause as well, and would cover for it after 30 s.
      {
        file: 'packages/publishers/dist/exchange.js',
        find: /setTimeout\(\(\) => void readOut\(\), timeoutMs\)/g,
        replace: 'setTimeout(() => void readOut(), 600_000)',
      },
    ],
    mix: 'pause-before-socket',
    seed: 1,
    minutes: 0.3,
  },
  {
    name: 'the lease',
    instead: 'whatever is being published is taken over at once',
    patches: [
      {
        file: deliveries('claim'),
        find: /status = 'publishing' AND lease_until <= now\(\)/g,
        replace: `status = 'publishing'`,
      },
      {
        file: deliveries('claim'),
        find: /WHEN 'publishing' THEN d\.lease_until <= now\(\)/g,
        replace: `WHEN 'publishing' THEN true`,
      },
    ],
    mix: 'slow',
    seed: 1,
    minutes: 0.3,
    quietSeconds: 40,
  },
  {
    name: 'the revision',
    instead: 'a change is written over whatever stands there by now',
    patches: [
      {
        file: posts,
        find: /WHERE post\.revision = item\.seen/g,
        replace: 'WHERE item.seen IS NOT NULL',
      },
      {
        file: posts,
        find: /WHERE id = \$1 AND revision = \$2/g,
        replace: 'WHERE id = $1 AND $2::int IS NOT NULL',
      },
    ],
    mix: 'races',
    seed: 1,
    minutes: 0.5,
  },
  {
    name: 'the evidence',
    instead: 'what may be out is sent again',
    patches: [
      {
        file: delivery('publish-delivery'),
        find: /if \(claim\.sendingAt && !claim\.absenceUnproved\)/g,
        replace: 'if (false)',
      },
    ],
    mix: 'kill-after-answer',
    seed: 1,
    minutes: 0.5,
  },
  {
    name: 'the sweepers',
    instead: 'nobody looks after the alarms and the leases',
    // Both: what one of them finds, the other would wake.
    patches: ['overdue', 'alarms'].map((loop) => ({
      file: worker('sweepers'),
      find: new RegExp(`(name: '${loop}', everyMs: [\\d_]+, run: )\\w+`, 'g'),
      replace: '$1async () => undefined',
    })),
    mix: 'flushes',
    seed: 1,
    minutes: 0.5,
    quietSeconds: 30,
  },
  {
    name: "the database's clock",
    instead: "the worker's own clock, wrong by 90 s, says what is due",
    patches: [firing, deliveries('claim')].map((file) => ({
      file,
      find: /(scheduled_at|next_attempt_at) <= now\(\)/g,
      replace: "$1 <= '${new Date().toISOString()}'::timestamptz",
    })),
    mix: 'wrong-clocks',
    seed: 1,
    minutes: 0.3,
  },
  {
    name: 'the deadline of an attempt',
    instead: 'nothing ends an attempt that waits for a file which never comes',
    patches: [
      {
        file: worker('worker-pool'),
        find: /if \(!overdue \|\| abort\.signal\.aborted\)/g,
        replace: 'if (true)',
      },
      // The store's own deadline would cover for it.
      {
        file: 'packages/storage/dist/disk-process.js',
        find: /setTimeout\(hangs, timeoutMs\)/g,
        replace: 'setTimeout(hangs, 3_600_000)',
      },
    ],
    mix: 'hanging-store',
    seed: 1,
    minutes: 0.5,
    quietSeconds: 60,
  },
];
