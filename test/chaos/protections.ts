// The protections of the publishing core, and the patch of the built code that switches each one off.

export interface Protection {
  name: string;
  /** What happens instead of the protection. */
  instead: string;
  /** Each pattern must be found; all occurrences are replaced. */
  patches: { file: string; find: RegExp; replace: string }[];
  /** The load and faults that need the protection. */
  mix: string;
  seed: number;
  minutes: number;
  engine?: 'redis' | 'postgres';
  /** Shorter where the expected violation is that something never ends. */
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
    instead: 'any worker may write to a delivery in status publishing, with any fencing number',
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
    instead: 'a worker that slept past its lease still sends',
    patches: [
      { file: delivery('lease'), find: /throw new TooLateToSendError\(\);/g, replace: ';' },
      // The call's time limit counts from before the pause as well, and after 30 s would hide the missing deadline.
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
    instead: 'a delivery that is being published is taken over at once',
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
    instead: 'a change overwrites newer changes',
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
    instead: 'a post that may be public is sent again',
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
    instead: 'lost alarms and expired leases are not found',
    // Both loops: each would also find most of what the other one finds.
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
    instead: "the worker's own clock, wrong by 90 s, decides what is due",
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
    instead: 'an attempt that waits for a hanging file never ends',
    patches: [
      {
        file: worker('worker-pool'),
        find: /if \(!overdue \|\| abort\.signal\.aborted\)/g,
        replace: 'if (true)',
      },
      // The store's own deadline would hide the missing one.
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
