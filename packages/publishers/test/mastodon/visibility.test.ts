import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mastodon } from '../../src/mastodon/index.ts';
import { NOW } from '../answers.ts';
import { callOf, lookOf, serveScript, type ScriptedServer } from '../scripted.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await serveScript();
});
afterAll(() => server.close());

/** The visibility that is sent for an account with these settings. */
async function visibilityOf(account: unknown, settings: Record<string, unknown> = {}): Promise<unknown> {
  let sent: Record<string, unknown> = {};
  server.answer((request) => {
    if (request.url?.includes('verify_credentials'))
      return { status: account === undefined ? 503 : 200, body: account };
    return request.method === 'GET' ? { status: 200, body: [] } : { status: 200, body: { id: '9' } };
  });
  const call = callOf(server.origin, { settings });
  const { http } = call;
  call.http = {
    request(request) {
      if (request.path === '/api/v1/statuses') sent = request.json as Record<string, unknown>;
      return http.request(request);
    },
  };
  expect(await mastodon.prepare(call)).toEqual({ outcome: 'ready' });
  expect(await mastodon.publish(call)).toMatchObject({ outcome: 'published' });
  return sent['visibility'];
}

describe('the visibility of a post on Mastodon', () => {
  it.each(['private', 'unlisted', 'public'])(
    "is the account's default if nothing is chosen: %s",
    async (privacy) => {
      expect(await visibilityOf({ id: '1', source: { privacy } })).toBe(privacy);
      expect(await visibilityOf({ id: '1', source: { privacy } }, { visibility: 'account' })).toBe(privacy);
    },
  );
  it("is the author's choice", async () => {
    expect(await visibilityOf({ source: { privacy: 'private' } }, { visibility: 'public' })).toBe('public');
    expect(await visibilityOf({ source: { privacy: 'public' } }, { visibility: 'private' })).toBe('private');
  });
  it.each([
    undefined,
    {},
    { source: {} },
    { source: { privacy: 'direct' } },
    { source: { privacy: 5 } },
    '<html>',
  ])('is left to the server if it does not tell the default: %j', async (account) => {
    expect(await visibilityOf(account)).toBeUndefined();
  });

  it('does not hide a post from its look-up', async () => {
    const status = {
      id: '9',
      url: 'https://m.example/9',
      content: '<p>Hello there</p>',
      visibility: 'private',
    };
    server.answer(() => ({ status: 200, body: [status] }));
    const evidence = {
      idempotencyKey: 'k',
      newestStatusId: '4',
      privacy: 'private',
      notedAt: NOW.toISOString(),
    };
    expect(await mastodon.lookUp(lookOf(callOf(server.origin, { evidence })))).toMatchObject({
      outcome: 'published',
      receipt: { remoteId: '9' },
    });
  });
  it('prevents a proof of absence if the list may have only public posts', async () => {
    server.answer(({ url }) => (url?.includes('/instance') ? { status: 404 } : { status: 200, body: [] }));
    const look = (privacy: string) =>
      mastodon.lookUp(
        lookOf(
          callOf(server.origin, {
            evidence: { idempotencyKey: 'k', newestStatusId: '4', privacy, notedAt: '2026-11-22T06:00:00Z' },
          }),
        ),
      );
    expect(await look('private')).toMatchObject({ outcome: 'uncertain' });
    expect(await look('public')).toEqual({ outcome: 'absent' });
  });
});
