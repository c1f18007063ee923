import { Type } from 'typebox';
import { createIdSequence } from '../../world/ids.ts';
import type { World } from '../../world/world.ts';
import { readFaults, writeFaults, type OpenedPlatform, type SandboxPlatform } from '../platform.ts';
import { countInWindow, type WindowCount } from '../windows.ts';
import { didIn, didOf, uriOf } from './accounts.ts';
import { uploadEndpoint, type StoredBlob } from './blobs.ts';
import { tidOf } from './content-id.ts';
import { readingEndpoints } from './reading.ts';
import { writingEndpoints, type BlueskyPost } from './records.ts';
import { rateHeaders, rateLimitExceeded, refusals } from './refusals.ts';
import { openSessions, tokenOf } from './sessions.ts';

const hourSeconds = 3600;
const requestWindowSeconds = 300;
const largestBlobBytes = 50 * 1024 * 1024;

const Rules = Type.Object(
  {
    /** Bluesky allows 5,000 points an hour: 2 for a `putRecord`. The default lets a load test through. */
    pointsPerHour: Type.Integer({ minimum: 0, default: 1_000_000 }),
    /** Bluesky allows 3,000 requests in 5 minutes. */
    requestsPerWindow: Type.Integer({ minimum: 0, default: 1_000_000 }),
    signInsPerWindow: Type.Integer({ minimum: 0, default: 30 }),
    /** As on Bluesky's servers. The software's default is 5 MiB. */
    blobUploadLimit: Type.Integer({ minimum: 0, maximum: largestBlobBytes, default: largestBlobBytes }),
    /** The documentation says "minutes". */
    unreferencedBlobMs: Type.Integer({ minimum: 0, default: 300_000 }),
    /** True: refuses mistakes that every server accepts but no app shows, so that a test notices them. */
    refusesSlips: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
);

/**
 * Bluesky (AT Protocol): one server with the repositories of all accounts. The writer of a record chooses its key, so writing
 * the same record again is idempotent, and a read by that key proves afterwards whether it was written.
 */
export const bluesky: SandboxPlatform = {
  id: 'bluesky',
  name: 'Bluesky',
  colour: '#1185fe',
  accountId: didOf,
  tokenOf,
  readBodies: (app) => {
    const options = { parseAs: 'buffer', bodyLimit: largestBlobBytes } as const;
    app.addContentTypeParser('*', options, (_request, body, done) => done(null, body));
  },
  refusals,
  faults: {
    identity: readFaults,
    upload: writeFaults,
    publish: [...writeFaults, 'delayed-visibility'],
    lookup: readFaults,
    delete: writeFaults,
  },
  open,
};

function open(world: World): OpenedPlatform {
  const rules = world.settings.declare(bluesky.id, Rules);
  const posts = world.posts.shelf<BlueskyPost>(bluesky.id);
  const blobs = world.createTable<StoredBlob>(50_000);
  const windows = world.createTable<WindowCount>(200_000);
  const nextId = createIdSequence(world.now, (ms) => (BigInt(ms) * 1000n) << 10n);
  const nextTid = () => tidOf(BigInt(nextId()));
  const { endpoints, guard } = openSessions(world, rules);
  return {
    endpoints: [
      ...endpoints,
      uploadEndpoint(world, rules, blobs),
      ...writingEndpoints(rules, posts, blobs, nextTid),
      ...readingEndpoints(world, posts),
    ],
    guard,
    // By DID, or by handle.
    postPaths: [
      { url: '/profile/:repo/post/:rkey', idOf: ({ repo = '', rkey = '' }) => uriOf(didIn(repo), rkey) },
    ],
    // Writes cost points per hour. Other calls count as requests, here per account and step.
    meter({ account, step, now }) {
      const cost = step === 'publish' ? 2 : 1;
      const writes = step === 'publish' || step === 'delete';
      const points = writes ? rules.pointsPerHour : rules.requestsPerWindow;
      const windowSeconds = writes ? hourSeconds : requestWindowSeconds;
      const key = `${account.handle} ${writes ? 'writes' : step}`;
      const window = countInWindow(windows, key, now, now + windowSeconds * 1000);
      window.used += cost - 1;
      const headers = rateHeaders({
        points,
        windowSeconds,
        left: points - window.used,
        resetsAt: window.endsAt,
      });
      return window.used > points ? { headers, refusal: rateLimitExceeded() } : { headers };
    },
  };
}
