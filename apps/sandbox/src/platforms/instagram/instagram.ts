import multipart from '@fastify/multipart';
import { Type } from 'typebox';
import { createIdSequence } from '../../world/ids.ts';
import type { World } from '../../world/world.ts';
import { numberFromName } from '../accounts.ts';
import {
  readFaults,
  tokenFaults,
  writeFaults,
  type OpenedPlatform,
  type SandboxPlatform,
} from '../platform.ts';
import type { Container } from './container.ts';
import { containerEndpoint } from './containers.ts';
import type { InstagramPost } from './post.ts';
import { openOAuth } from './oauth.ts';
import { tokenOf } from './parameters.ts';
import { publishingEndpoints } from './publishing.ts';
import { readingEndpoints } from './reading.ts';
import { refusals, usageHeaders } from './refusals.ts';
import { createRollingCount } from './rolling-count.ts';

const dayMs = 24 * 3_600_000;

const Rules = Type.Object(
  {
    /** How many status calls answer IN_PROGRESS. */
    pollsUntilReady: Type.Integer({ minimum: 0, default: 1 }),
    /** How long a video is in progress at least, independently of the number of status calls. */
    videoProcessingMs: Type.Integer({ minimum: 0, default: 0 }),
    /** The subcode in the status of a container whose processing failed. */
    failureSubcode: Type.Integer({ default: 2207032 }),
    /** Instagram allows 50 or 100 posts a day, its documents disagree. The default does not limit a load test. */
    quotaTotal: Type.Integer({ minimum: 0, default: 100_000 }),
    /** Instagram allows 400. */
    containersPerDay: Type.Integer({ minimum: 0, default: 100_000 }),
  },
  { additionalProperties: false },
);

/**
 * Instagram API with Instagram Login: single images, reels, stories, and carousels of images and videos. A post takes two
 * calls: one makes a container, which is not public, and one publishes it. The container's status tells afterwards whether it
 * was published. Each file of a carousel is a container first; the carousel's own container refers to them.
 */
export const instagram: SandboxPlatform = {
  id: 'instagram',
  name: 'Instagram',
  colour: '#d6336c',
  accountId: (handle) => `17841${numberFromName(`instagram ${handle}`, 12)}`,
  tokenOf,
  readBodies: (app) => {
    app.register(multipart, {
      attachFieldsToBody: 'keyValues',
      limits: { fileSize: app.initialConfig.bodyLimit ?? 0 },
    });
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
  },
  refusals,
  faults: {
    identity: readFaults,
    quota: readFaults,
    container: [...writeFaults, 'processing-failed'],
    status: [...readFaults, 'rejected'],
    publish: [...writeFaults, 'commit-then-refused', 'delayed-visibility'],
    lookup: [...readFaults, 'rejected'],
    token: tokenFaults,
  },
  open,
};

function open(world: World): OpenedPlatform {
  const rules = world.settings.declare(instagram.id, Rules);
  const containers = world.createTable<Container>(50_000);
  const posts = world.posts.shelf<InstagramPost>(instagram.id);
  /** The ids of posts, by the shortcodes in their permalinks. */
  const shortcodes = world.createTable<string>(200_000);
  const nextId = createIdSequence(world.now, (ms) => BigInt(ms) * 10_000n);
  const oauth = openOAuth(world, instagram);
  const endpoints = [
    ...oauth.endpoints,
    containerEndpoint(world, rules, containers, createRollingCount(world, dayMs), nextId),
    ...publishingEndpoints(
      { rules, containers, posts, shortcodes },
      createRollingCount(world, dayMs),
      nextId,
    ),
    ...readingEndpoints(rules, containers, posts),
  ];
  // The version in front of the path is optional, and any version is accepted.
  const versioned = endpoints.map((endpoint) => ({
    ...endpoint,
    url: `/:version(^v\\d+\\.\\d+$)${endpoint.url}`,
  }));
  return {
    endpoints: [oauth.codeEndpoint, ...endpoints, ...versioned],
    pages: oauth.pages,
    postPaths: [
      ...['/p/:shortcode', '/reel/:shortcode'].map((url) => ({
        url,
        idOf: ({ shortcode = '' }) => shortcodes.get(shortcode),
      })),
      { url: '/stories/:handle/:id', idOf: ({ id }) => id },
    ],
    guard: oauth.guard,
    meter: () => ({ headers: usageHeaders(1, 0) }),
  };
}
