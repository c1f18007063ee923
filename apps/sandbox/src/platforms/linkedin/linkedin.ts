import { Type } from 'typebox';
import { createIdSequence } from '../../world/ids.ts';
import type { World } from '../../world/world.ts';
import {
  readFaults,
  tokenFaults,
  writeFaults,
  type Endpoint,
  type OpenedPlatform,
  type SandboxPlatform,
} from '../platform.ts';
import { countInWindow, type WindowCount } from '../windows.ts';
import { authorUrnOf, subjectOf } from './accounts.ts';
import { checkHeaders } from './headers.ts';
import { imageEndpoints, type ImageAsset } from './images.ts';
import { openOAuth } from './oauth.ts';
import { postEndpoints, type LinkedinPost } from './posts.ts';
import { refusals, throttled } from './refusals.ts';

const dayMs = 24 * 3_600_000;

const Rules = Type.Object(
  {
    /** LinkedIn does not publish the number; about 150 is reported. The default lets a load test through. */
    callsPerDay: Type.Integer({ minimum: 0, default: 100_000 }),
    duplicateWindowMs: Type.Integer({ minimum: 0, default: 600_000 }),
    /** True: every app is an approved partner's, which gets refresh tokens. */
    refreshTokens: Type.Boolean({ default: false }),
    /** How long an image is being processed after its bytes have come. */
    imageProcessingMs: Type.Integer({ minimum: 0, default: 0 }),
    /** False: the tokens of organizations came without `r_organization_social`. */
    organizationsMayRead: Type.Boolean({ default: true }),
  },
  { additionalProperties: false },
);

/**
 * LinkedIn's versioned Posts API: text and images. A create answers 201 with no body, also when the text was cut; a
 * member can read nothing back, and only the refusal of a duplicate names the earlier post.
 */
export const linkedin: SandboxPlatform = {
  id: 'linkedin',
  name: 'LinkedIn',
  colour: '#0a66c2',
  accountId: authorUrnOf,
  // Image bytes come under whatever content type the client likes, or none.
  readBodies: (app) => {
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  },
  refusals,
  faults: {
    identity: readFaults,
    upload: [...writeFaults, 'processing-failed'],
    status: readFaults,
    // The answer to a create has no body that could be cut.
    publish: [...writeFaults.filter((fault) => fault !== 'truncated-body'), 'delayed-visibility'],
    lookup: readFaults,
    delete: writeFaults.filter((fault) => fault !== 'truncated-body'),
    token: tokenFaults,
  },
  open,
};

function open(world: World): OpenedPlatform {
  const rules = world.settings.declare(linkedin.id, Rules);
  const posts = world.posts.shelf<LinkedinPost>(linkedin.id);
  const assets = world.createTable<ImageAsset>(50_000);
  const windows = world.createTable<WindowCount>(200_000);
  const nextId = createIdSequence(world.now, (ms) => BigInt(ms) << 22n);

  const oauth = openOAuth(world, linkedin, rules);
  const identity: Endpoint = {
    method: 'GET',
    url: '/v2/userinfo',
    step: 'identity',
    answer: ({ account: { handle } }) => ({
      status: 200,
      body: {
        sub: subjectOf(handle),
        name: handle,
        given_name: handle,
        family_name: 'Sandbox',
        locale: { country: 'US', language: 'en' },
      },
    }),
  };
  return {
    endpoints: [
      identity,
      ...oauth.endpoints,
      ...imageEndpoints(world, rules, assets, nextId),
      ...postEndpoints(world, rules, posts, assets, nextId),
    ],
    pages: oauth.pages,
    guard: (call) => checkHeaders(call.request, call.now) ?? oauth.guard(call),
    // Per member and kind of call, until midnight UTC, and without a header that would tell.
    meter({ account, step, now }) {
      const midnight = (Math.floor(now / dayMs) + 1) * dayMs;
      const { used } = countInWindow(windows, `${account.handle} ${step}`, now, midnight);
      return used > rules.callsPerDay ? { headers: {}, refusal: throttled() } : { headers: {} };
    },
  };
}
