import { Type } from 'typebox';
import { createIdSequence } from '../../world/ids.ts';
import { fileTypeOf } from '../../world/images.ts';
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
import { bearerTokenOf } from '../accounts.ts';
import { readToken } from '../oauth/tokens.ts';
import { authorUrnOf, profileOf } from './accounts.ts';
import type { Asset } from './assets.ts';
import { checkHeaders } from './headers.ts';
import { openOAuth } from './oauth.ts';
import { postEndpoints, type LinkedinPost } from './posts.ts';
import { refusals, throttled } from './refusals.ts';
import { videoEndpoints } from './videos.ts';
import { wholeUploadEndpoints, type WholeUpload } from './whole-uploads.ts';

const dayMs = 24 * 3_600_000;

const Rules = Type.Object(
  {
    /** LinkedIn does not publish the number; about 150 is reported. The default does not limit a load test. */
    callsPerDay: Type.Integer({ minimum: 0, default: 100_000 }),
    duplicateWindowMs: Type.Integer({ minimum: 0, default: 600_000 }),
    /** True: every app is one of an approved partner, and gets refresh tokens. */
    refreshTokens: Type.Boolean({ default: false }),
    /** How long an image is being processed after its upload. */
    imageProcessingMs: Type.Integer({ minimum: 0, default: 0 }),
    documentProcessingMs: Type.Integer({ minimum: 0, default: 0 }),
    /** The same for a video, from when its upload was finalized. */
    videoProcessingMs: Type.Integer({ minimum: 0, default: 0 }),
    /** True: the refusal of a duplicate names a post that does not exist, a different one each time. */
    ghostUrns: Type.Boolean({ default: false }),
    /** False: the tokens of organizations lack the scope `r_organization_social`. */
    organizationsMayRead: Type.Boolean({ default: true }),
  },
  { additionalProperties: false },
);

/**
 * LinkedIn's versioned Posts API: text, images, videos, documents and link cards. A create answers 201 without a body, even when
 * the text was cut. A member cannot read posts; only the refusal of a duplicate names the earlier post.
 */
export const linkedin: SandboxPlatform = {
  id: 'linkedin',
  name: 'LinkedIn',
  colour: '#0a66c2',
  accountId: authorUrnOf,
  // Uploads may have any content type, or none.
  readBodies: (app) => {
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  },
  refusals,
  faults: {
    identity: readFaults,
    upload: [...writeFaults, 'processing-failed'],
    status: readFaults,
    // No `truncated-body`: the answer to a create has no body.
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
  const assets = world.createTable<Asset>(50_000);
  const windows = world.createTable<WindowCount>(200_000);
  const nextId = createIdSequence(world.now, (ms) => BigInt(ms) << 22n);

  const imageUpload: WholeUpload = {
    kind: 'image',
    isUsable: (bytes) => ['image/jpeg', 'image/png', 'image/gif'].includes(fileTypeOf(bytes) ?? ''),
    processingMs: () => rules.imageProcessingMs,
  };
  const documentUpload: WholeUpload = {
    kind: 'document',
    isUsable: (bytes) => fileTypeOf(bytes) === 'application/pdf',
    processingMs: () => rules.documentProcessingMs,
  };
  const oauth = openOAuth(world, linkedin, rules);
  const identity: Endpoint = {
    method: 'GET',
    url: '/v2/userinfo',
    step: 'identity',
    // The sandbox's own tokens have all scopes.
    answer: ({ account: { handle }, request }) => {
      const claims = readToken(linkedin.id, 'access', bearerTokenOf(request));
      return { status: 200, body: profileOf(handle, claims?.scopes ?? ['profile', 'email']) };
    },
  };
  return {
    endpoints: [
      identity,
      ...oauth.endpoints,
      ...wholeUploadEndpoints(world, imageUpload, assets, nextId),
      ...wholeUploadEndpoints(world, documentUpload, assets, nextId),
      ...videoEndpoints(world, rules, assets, nextId),
      ...postEndpoints(world, rules, posts, assets, nextId),
    ],
    pages: oauth.pages,
    postPaths: [{ url: '/feed/update/:urn', idOf: ({ urn }) => urn }],
    guard: (call) => checkHeaders(call.request, call.now) ?? oauth.guard(call),
    // Per account and step, until midnight UTC, without rate limit headers.
    meter({ account, step, now }) {
      const midnight = (Math.floor(now / dayMs) + 1) * dayMs;
      const { used } = countInWindow(windows, `${account.handle} ${step}`, now, midnight);
      return used > rules.callsPerDay ? { headers: {}, refusal: throttled() } : { headers: {} };
    },
  };
}
