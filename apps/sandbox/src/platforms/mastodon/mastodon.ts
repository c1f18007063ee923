import multipart from '@fastify/multipart';
import type { BoundedMap } from '../../world/bounded-map.ts';
import { createIdSequence } from '../../world/ids.ts';
import type { World } from '../../world/world.ts';
import { bearerTokenOf, numberFromName, visitor } from '../accounts.ts';
import {
  readFaults,
  tokenFaults,
  writeFaults,
  type Account,
  type Endpoint,
  type OpenedPlatform,
  type SandboxPlatform,
} from '../platform.ts';
import type { Step } from '../../steps.ts';
import { countInWindow, type WindowCount } from '../windows.ts';
import { instanceEndpoints } from './instance.ts';
import { mediaEndpoints, type Attachment } from './media.ts';
import { openOAuth } from './oauth.ts';
import { readForms } from './parameters.ts';
import { rateHeaders, refusals, tooManyRequests } from './refusals.ts';
import { Rules } from './rules.ts';
import { isAboutInstance } from './scopes.ts';
import { presentOwnAccount } from './account.ts';
import type { Status } from './status.ts';
import { statusEndpoints } from './statuses.ts';
import { timelineEndpoint } from './timeline.ts';

const callWindowMs = 5 * 60_000;
const slowWindowMs = 30 * 60_000;

/** Above all configurable limits, so that the upload handler refuses a file that is too large. */
const longestFile = 128 * 1024 * 1024;

/**
 * One Mastodon server: text, images, and a GIF or a video. On servers that support idempotency keys, a repeated post with the
 * same key is harmless for an hour. The other evidence is the list of the author's statuses, which has their text as HTML.
 */
export const mastodon: SandboxPlatform = {
  id: 'mastodon',
  name: 'Mastodon',
  colour: '#6364ff',
  accountId: (handle) => numberFromName(`mastodon ${handle}`, 18),
  // The instance calls need no token; a caller without one is the visitor.
  tokenOf: (request) =>
    bearerTokenOf(request) ?? (isAboutInstance(request) ? `sandbox-${visitor}` : undefined),
  readBodies: (app) => {
    app.register(multipart, {
      attachFieldsToBody: 'keyValues',
      limits: { fileSize: longestFile },
    });
    readForms(app);
  },
  refusals,
  faults: {
    identity: readFaults,
    upload: [...writeFaults, 'processing-failed'],
    status: readFaults,
    publish: [...writeFaults, 'delayed-visibility'],
    lookup: readFaults,
    delete: writeFaults,
    token: tokenFaults,
  },
  open,
};

function open(world: World): OpenedPlatform {
  const rules = world.settings.declare(mastodon.id, Rules);
  const statuses = world.posts.shelf<Status>(mastodon.id);
  const attachments = world.createTable<Attachment>(50_000);
  const nextId = createIdSequence(world.now, (ms) => BigInt(ms) << 16n);

  const oauth = openOAuth(world, mastodon, rules);
  const identity: Endpoint = {
    method: 'GET',
    url: '/api/v1/accounts/verify_credentials',
    step: 'identity',
    answer: ({ account, origin }) => ({
      status: 200,
      body: presentOwnAccount(account, { origin, statuses }),
    }),
  };
  return {
    endpoints: [
      identity,
      ...oauth.endpoints,
      ...instanceEndpoints(rules, statuses),
      ...mediaEndpoints(world, rules, attachments, nextId),
      ...statusEndpoints(world, rules, statuses, attachments, nextId),
      timelineEndpoint(world, rules, statuses),
    ],
    pages: oauth.pages,
    postPaths: [{ url: '/@:handle/:id', idOf: ({ id }) => id }],
    guard: oauth.guard,
    meter: meterWith(rules, world.createTable<WindowCount>(200_000)),
  };
}

/**
 * Limits all calls, and the slow ones (uploads, deletions) a second time. Windows are aligned to the clock. The headers show the
 * limit with fewer calls left.
 */
function meterWith(
  rules: { callsPerWindow: number; slowCallsPerWindow: number },
  windows: BoundedMap<string, WindowCount>,
) {
  return ({ account, step, now }: { account: Account; step: Step; now: number }) => {
    const count = (name: string, limit: number, windowMs: number) => {
      const nextEnd = (Math.floor(now / windowMs) + 1) * windowMs;
      const { used, endsAt } = countInWindow(windows, `${account.handle} ${name}`, now, nextEnd);
      return { limit, remaining: limit - used, resetsAt: endsAt };
    };
    const rates = [count('all', rules.callsPerWindow, callWindowMs)];
    if (step === 'upload' || step === 'delete') {
      rates.push(count(step, rules.slowCallsPerWindow, slowWindowMs));
    }
    const tightest = rates.reduce((one, other) => (other.remaining < one.remaining ? other : one));
    const headers = rateHeaders(tightest);
    return tightest.remaining < 0 ? { headers, refusal: tooManyRequests() } : { headers };
  };
}
