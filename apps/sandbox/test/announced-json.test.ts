import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { linkedinPost, restHeaders, startSandbox, type Sandbox } from './harness.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

const announced = { 'content-type': 'application/json; charset=utf-8' };
const empty = { account: 'ann', headers: announced };

describe('an empty body with the JSON content type', () => {
  it('is accepted by calls without a body: deletes and reads work', async () => {
    const { id } = (await sandbox.send('/x/2/tweets', { account: 'ann', json: { text: 'Hello' } })).json.data;
    expect((await sandbox.send(`/x/2/tweets/${id}`, { ...empty, method: 'DELETE' })).json).toEqual({
      data: { deleted: true },
    });
    const json = linkedinPost(await sandbox.idOf('linkedin', 'ann'), 'Hello');
    const made = await sandbox.send('/linkedin/rest/posts', { account: 'ann', json, headers: restHeaders });
    const urn = encodeURIComponent(made.headers.get('x-restli-id') ?? '');
    const headers = { ...announced, ...restHeaders };
    const removed = await sandbox.send(`/linkedin/rest/posts/${urn}`, {
      account: 'ann',
      method: 'DELETE',
      headers,
    });
    expect(removed.status).toBe(204);
    const status = (
      await sandbox.send('/mastodon/api/v1/statuses', { account: 'ann', json: { status: 'Hello' } })
    ).json;
    const deleted = await sandbox.send(`/mastodon/api/v1/statuses/${status.id}`, {
      ...empty,
      method: 'DELETE',
    });
    expect(deleted.status).toBe(200);
    expect((await sandbox.send('/x/2/users/me', empty)).status).toBe(200);
    expect((await sandbox.send('/_sandbox/reset', { method: 'POST', headers: announced })).status).toBe(200);
  });

  it('is refused by calls that need a body, in each platform’s own format, never with a 500', async () => {
    for (const path of [
      '/x/2/tweets',
      '/x/2/media/metadata',
      '/instagram/me/media',
      '/linkedin/rest/posts',
      '/bluesky/xrpc/com.atproto.repo.createRecord',
      '/mastodon/api/v1/statuses',
      '/_sandbox/faults',
    ]) {
      const headers = { ...announced, ...restHeaders };
      const refused = await sandbox.send(path, { account: 'ann', method: 'POST', headers });
      expect([path, [400, 422].includes(refused.status)]).toEqual([path, true]);
    }
  });

  it('is not confused with truncated JSON, which is refused', async () => {
    const reply = await sandbox.send('/x/2/tweets', { account: 'ann', body: '{"text":', headers: announced });
    expect([reply.status, reply.json.title]).toEqual([400, 'Invalid Request']);
  });
});
