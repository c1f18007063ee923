import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';

// What every route below an organization must refuse. The routes come from the OpenAPI document, so that a new route is
// tested automatically.

let api: TestApp;
let routes: { method: string; path: string }[];
beforeAll(async () => {
  api = await startTestApp();
  const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const prefix = '/organizations/{organizationId}';
  routes = Object.entries(document.paths)
    .filter(([path]) => path.startsWith(prefix))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({
        method: method.toUpperCase(),
        path: path.slice(prefix.length),
      })),
    );
});
afterAll(() => api.close());

const unknownId = '00000000-0000-4000-8000-000000000000';
const bodies: Record<string, object> = {
  'POST /posts': { text: 'a' },
  'PATCH /posts/{postId}': { text: 'a' },
  'PUT /posts/{postId}/schedule': { scheduledAt: secondsAhead(3600) },
  'POST /posts/{postId}/deliveries/{deliveryId}/resolve': { outcome: 'published' },
  'PATCH /media/{mediaId}': { altText: 'a' },
  'POST /channels': { platform: 'x', handle: 'another' },
  'POST /connections': { platform: 'x', sandbox: true },
  'POST /connections/sign-in': { platform: 'bluesky', identifier: 'a.test', password: 'a', sandbox: true },
};

const ask = async (
  { method, path }: { method: string; path: string },
  options: { organizationId?: string; ids?: string; headers?: Record<string, string>; body?: string } = {},
) => {
  const { organizationId = api.organizationId, ids = unknownId } = options;
  const known = bodies[`${method} ${path}`];
  const body = options.body ?? (known && JSON.stringify(known));
  const answer = await fetch(
    `${api.url}/organizations/${organizationId}${path.replaceAll(/\{\w+\}/g, ids)}`,
    {
      method,
      headers: {
        'x-api-key': api.apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
    },
  );
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  return `${answer.status} ${((await answer.json()) as { code: string }).code}`;
};
const each = async (wanted: string, chosen: typeof routes, options: Parameters<typeof ask>[1]) => {
  expect(chosen.length).toBeGreaterThan(0);
  const answers = await Promise.all(
    chosen.map(async (route) => [`${route.method} ${route.path}`, await ask(route, options)]),
  );
  expect(answers).toEqual(answers.map(([route]) => [route, wanted]));
};
const ofOnePost = () => routes.filter(({ path }) => path.includes('{postId}'));
const ofOneChannel = () => routes.filter(({ path }) => path.includes('{channelId}'));
const ofOneConnection = () => routes.filter(({ path }) => path.includes('{connectionId}'));
const ofOneMedia = () => routes.filter(({ path }) => path.includes('{mediaId}'));
const withBody = () => routes.filter(({ method, path }) => bodies[`${method} ${path}`] !== undefined);

describe('every route of an organization', () => {
  it('is known to this suite', () => {
    expect(routes.map(({ method, path }) => `${method} ${path}`).sort()).toMatchInlineSnapshot(`
[
  "DELETE /channels/{channelId}",
  "DELETE /media/{mediaId}",
  "DELETE /posts/{postId}",
  "DELETE /posts/{postId}/schedule",
  "GET /channels",
  "GET /connections/{connectionId}",
  "GET /media/{mediaId}",
  "GET /platforms",
  "GET /posts",
  "GET /posts/{postId}",
  "PATCH /media/{mediaId}",
  "PATCH /posts/{postId}",
  "POST /channels",
  "POST /connections",
  "POST /connections/sign-in",
  "POST /media",
  "POST /posts",
  "POST /posts/{postId}/deliveries/{deliveryId}/resolve",
  "POST /posts/{postId}/deliveries/{deliveryId}/retry",
  "POST /posts/{postId}/duplicate",
  "POST /posts/{postId}/publish",
  "POST /posts/{postId}/retry",
  "PUT /posts/{postId}/schedule",
]
`);
  });
  it('401 without a key', () => each('401 unauthorized', routes, { headers: { 'x-api-key': '' } }));
  it('401 with an unknown key', () =>
    each('401 unauthorized', routes, { headers: { 'x-api-key': 'ss_no' } }));
  it("404 for another organization's id", () =>
    each('404 organization_not_found', routes, { organizationId: 'another' }));
  it('404 for an unknown post', () => each('404 post_not_found', ofOnePost(), {}));
  it('404 for an unknown channel', () => each('404 channel_not_found', ofOneChannel(), {}));
  it('404 for an unknown connection', () => each('404 connection_not_found', ofOneConnection(), {}));
  it('404 for unknown media', () => each('404 media_not_found', ofOneMedia(), {}));
  it('400 for an id that cannot be one', () => {
    const some = [...ofOnePost(), ...ofOneChannel(), ...ofOneConnection(), ...ofOneMedia()];
    return each('400 invalid_request', some, { ids: '7' });
  });
  it('400 for an If-Match that is no ETag, where the post would be changed', () => {
    const changing = ofOnePost().filter(
      ({ method, path }) => method !== 'GET' && !path.endsWith('/duplicate'),
    );
    return each('400 invalid_request', changing, { headers: { 'if-match': 'yesterday' } });
  });
  it('400 for broken JSON', () => each('400 malformed_json', withBody(), { body: '{' }));
  it('400 for a body of another type', () => each('400 invalid_request', withBody(), { body: '[]' }));
  it('413 for a body that is too large', () =>
    each('413 payload_too_large', withBody(), { body: JSON.stringify({ text: 'a'.repeat(300_000) }) }));
  it('415 for another content type', () =>
    each('415 unsupported_content_type', withBody(), { headers: { 'content-type': 'text/csv' } }));
});
