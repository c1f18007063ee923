import multipart from '@fastify/multipart';
import { Type } from 'typebox';
import { createIdSequence } from '../../world/ids.ts';
import type { World } from '../../world/world.ts';
import { numberFromName } from '../accounts.ts';
import {
  readFaults,
  tokenFaults,
  writeFaults,
  type Endpoint,
  type OpenedPlatform,
  type SandboxPlatform,
} from '../platform.ts';
import { countInWindow, type WindowCount } from '../windows.ts';
import { chunkedUploadEndpoints } from './chunked-uploads.ts';
import { mediaEndpoints, type UploadedMedia } from './media.ts';
import { openOAuth } from './oauth.ts';
import { rateHeaders, refusals, tooManyRequests } from './refusals.ts';
import { timelineEndpoints } from './timeline.ts';
import type { Tweet } from './tweet.ts';
import { tweetEndpoints } from './tweets.ts';

const rateWindowMs = 15 * 60_000;
const snowflakeEpochMs = 1_288_834_974_657;

const Rules = Type.Object(
  {
    /** X allows 100 posts in 15 minutes. The default does not limit a load test. */
    callsPerWindow: Type.Integer({ minimum: 0, default: 100_000 }),
    duplicateWindowMs: Type.Integer({ minimum: 0, default: 600_000 }),
    /** Whether the reuse of a refresh token ends all tokens of its grant. X's behaviour is unknown; true is the worse case. */
    replayEndsGrant: Type.Boolean({ default: true }),
    /** How many status calls answer that a video or GIF is in processing, and how long the client has to wait between them. */
    pollsUntilReady: Type.Integer({ minimum: 0, default: 1 }),
    checkAfterSecs: Type.Integer({ minimum: 0, default: 1 }),
  },
  { additionalProperties: false },
);

/**
 * X API v2: text, images, GIFs and videos. X has no idempotency. The author's timeline is the only evidence of a post, and X
 * changes the text that it shows.
 */
export const x: SandboxPlatform = {
  id: 'x',
  name: 'X',
  colour: '#64748b',
  accountId: (handle) => numberFromName(`x ${handle}`, 18),
  readBodies: (app) => {
    // Only the token endpoints parse forms; the others refuse such a body.
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer' },
      (_request, body, done) => done(null, body),
    );
    app.register(multipart, {
      attachFieldsToBody: 'keyValues',
      limits: { fileSize: app.initialConfig.bodyLimit ?? 0 },
    });
  },
  refusals,
  faults: {
    identity: readFaults,
    upload: writeFaults,
    append: writeFaults,
    finalize: [...writeFaults, 'processing-failed'],
    status: readFaults,
    publish: [...writeFaults, 'delayed-visibility'],
    lookup: readFaults,
    delete: writeFaults,
    token: tokenFaults,
  },
  open,
};

function open(world: World): OpenedPlatform {
  const rules = world.settings.declare(x.id, Rules);
  const tweets = world.posts.shelf<Tweet>(x.id);
  const media = world.createTable<UploadedMedia>(50_000);
  const windows = world.createTable<WindowCount>(200_000);
  const nextId = createIdSequence(world.now, (ms) => BigInt(ms - snowflakeEpochMs) << 22n);

  const oauth = openOAuth(world, x, rules);
  const identity: Endpoint = {
    method: 'GET',
    url: '/2/users/me',
    step: 'identity',
    answer: ({ account }) => ({
      status: 200,
      body: { data: { id: account.id, name: account.handle, username: account.handle } },
    }),
  };
  return {
    endpoints: [
      identity,
      ...oauth.endpoints,
      ...mediaEndpoints(world, media, nextId),
      ...chunkedUploadEndpoints(world, rules, media, nextId),
      ...tweetEndpoints(world, rules, tweets, media, nextId),
      ...timelineEndpoints(world, tweets),
    ],
    pages: oauth.pages,
    postPaths: [{ url: '/:handle/status/:id', idOf: ({ id }) => id }],
    guard: oauth.guard,
    // Per account and step, in windows of 15 minutes that start with the first call.
    meter({ account, step, now }) {
      const { used, endsAt } = countInWindow(windows, `${account.handle} ${step}`, now, now + rateWindowMs);
      const limit = rules.callsPerWindow;
      const headers = rateHeaders({ limit, remaining: limit - used, resetsAt: endsAt });
      return used > limit ? { headers, refusal: tooManyRequests() } : { headers };
    },
  };
}
