import assert from 'node:assert/strict';
import type { TestApp } from '../support/app.ts';
import type { World } from './world.ts';

/** Calls our own API as many clients do: with the content type JSON on every call, with or without a body. */
export async function runApi(app: TestApp, { results }: World): Promise<void> {
  const library = 'fetch, our API';
  const at = `${app.url}/organizations/${app.organizationId}`;
  async function call(method: string, path: string, json?: object) {
    const response = await fetch(`${at}${path}`, {
      method,
      headers: { 'x-api-key': app.apiKey, 'content-type': 'application/json' },
      ...(json && { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }
  const write = async (text: string) => (await call('POST', '/posts', { text, platforms: ['x'] })).body.id;

  await results.run(
    library,
    'creates a draft, then publishes it with content type JSON and no body',
    async () => {
      const id = await write('Hello from a client');
      const published = await call('POST', `/posts/${id}/publish`);
      assert.ok(published.status < 300, JSON.stringify(published));
    },
  );
  await results.run(library, 'lists', async () => {
    assert.equal((await call('GET', '/posts')).status, 200);
  });
  await results.run(library, 'deletes with content type JSON and no body', async () => {
    const id = await write('To be deleted');
    assert.equal((await call('DELETE', `/posts/${id}`)).status, 204);
    assert.equal((await call('GET', `/posts/${id}`)).status, 404);
  });
  await results.run(library, 'schedules, and unschedules with content type JSON and no body', async () => {
    const id = await write('To be scheduled');
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    assert.equal((await call('PUT', `/posts/${id}/schedule`, { scheduledAt })).status, 200);
    assert.ok((await call('DELETE', `/posts/${id}/schedule`)).status < 300);
  });
}
