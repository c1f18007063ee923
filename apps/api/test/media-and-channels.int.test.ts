import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { demoImage, startTestApp, type TestApp } from '../../../test/support/app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.close());

/** The smallest real PNG: one transparent pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

describe('POST /media', () => {
  it('201 takes a JPEG under any file name, and serves it at a signed link', async () => {
    const image = await demoImage();
    const answer = await api.upload('holiday.gif', image, { altText: 'A rocket' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      mimeType: 'image/jpeg',
      width: 640,
      height: 640,
      altText: 'A rocket',
    });
    const served = await fetch(answer.body.url);
    expect(served.status).toBe(200);
    expect(served.headers.get('content-type')).toBe('image/jpeg');
    expect((await served.arrayBuffer()).byteLength).toBe(answer.body.byteSize);
  });
  it('201 takes a PNG', async () => {
    const answer = await api.upload('a.png', pixel);
    expect(answer.body).toMatchObject({ mimeType: 'image/png', width: 1, height: 1 });
  });
  it('400 refuses a form without a file, or with an undocumented field', async () => {
    const post = (form: FormData) =>
      fetch(`${api.url}/organizations/${api.organizationId}/media`, {
        method: 'POST',
        headers: { 'x-api-key': api.apiKey },
        body: form,
      });
    const empty = new FormData();
    empty.set('altText', 'nothing');
    expect((await post(empty)).status).toBe(400);
    const odd = new FormData();
    odd.set('colour', 'red');
    const answer = await post(odd);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ pointer: '/colour' }] });
  });
  it('400 refuses a truncated form, and 422 a truncated JPEG', async () => {
    const cutOff = await fetch(`${api.url}/organizations/${api.organizationId}/media`, {
      method: 'POST',
      headers: { 'x-api-key': api.apiKey, 'content-type': 'multipart/form-data; boundary=abc' },
      body: '--abc\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nhalf',
    });
    expect(cutOff.status).toBe(400);
    expect(await cutOff.json()).toMatchObject({ code: 'invalid_request' });
    const image = await demoImage();
    expect((await api.upload('a.jpg', image.subarray(0, 400))).status).toBe(422);
  });
  it('415 refuses a body that is not a form; 401 without a key', async () => {
    const answer = await api.request('POST', '/media', { file: 'x' });
    expect(answer.status).toBe(415);
    const anonymous = await fetch(`${api.url}/organizations/${api.organizationId}/media`, { method: 'POST' });
    expect(anonymous.status).toBe(401);
  });
});

describe('GET /media/:mediaId', () => {
  it('403 for an altered or expired link, 404 for a link to an unknown file, 400 without a signature', async () => {
    const { body } = await api.upload('a.png', pixel);
    const altered = new URL(body.url);
    altered.searchParams.set('expires', String(Number(altered.searchParams.get('expires')) + 1));
    const answer = await fetch(altered);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'invalid_link' });
    const { signMediaUrl } = await import('@solospark/domain');
    const sign = (id: string, at: number) => signMediaUrl(api.ctx.settings, id, new Date(at));
    expect((await fetch(sign(body.id, Date.now() - 1000))).status).toBe(403);
    const nothing = sign('00000000-0000-4000-8000-000000000000', Date.now() + 60_000);
    expect((await fetch(nothing)).status).toBe(404);
    await rm(join(api.mediaDirectory, api.organizationId, body.id));
    const gone = await fetch(body.url);
    expect(gone.status).toBe(404);
    expect(await gone.json()).toMatchObject({ code: 'media_not_found' });
    expect((await fetch(`${api.url}/media/${body.id}`)).status).toBe(400);
  });
});

describe('channels', () => {
  it('200 lists them without their credentials', async () => {
    const answer = await api.request('GET', '/channels');
    expect(answer.status).toBe(200);
    expect(answer.body.data.length).toBe(api.ctx.platforms.length);
    expect(JSON.stringify(answer.body)).not.toMatch(/sandbox-demo|redential/);
    const rows = await api.ctx.db.query<{ sealed: string }>(
      'SELECT sealed_credentials AS sealed FROM channel',
    );
    for (const { sealed } of rows) expect(sealed).toMatch(/^v1\.test\./);
  });
  it('201 connects a second account on the sandbox; 409 for the same one again', async () => {
    const channel = { platform: 'x', handle: 'second' };
    const created = await api.request('POST', '/channels', channel);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ ...channel, sandbox: true, status: 'active' });
    const again = await api.request('POST', '/channels', channel);
    expect(again.status).toBe(409);
    expect(again.body.code).toBe('channel_exists');
  });
  it('400 refuses a malformed handle, 422 an unknown platform', async () => {
    const bad = await api.request('POST', '/channels', { platform: 'x', handle: 'Not A Handle' });
    expect(bad.status).toBe(400);
    expect(bad.body.errors[0].pointer).toBe('/handle');
    const unknown = await api.request('POST', '/channels', { platform: 'nowhere', handle: 'me' });
    expect(unknown.status).toBe(422);
    expect(unknown.body).toMatchObject({ code: 'invalid_channel', errors: [{ pointer: '/platform' }] });
  });
  it('422 when the platform refuses the token, 502 when it does not answer, 503 without a sandbox', async () => {
    await api.sandbox('POST', '/faults', {
      platform: 'x',
      step: 'identity',
      fault: 'expired-token',
      times: 1,
    });
    const refused = await api.request('POST', '/channels', { platform: 'x', handle: 'third' });
    expect(refused.status).toBe(422);
    expect(refused.body.code).toBe('platform_refused');
    const { settings } = api.ctx;
    const { sandboxUrl } = settings;
    try {
      settings.sandboxUrl = 'http://127.0.0.1:9';
      const away = await api.request('POST', '/channels', { platform: 'x', handle: 'third' });
      expect(away.status).toBe(502);
      settings.sandboxUrl = null;
      const none = await api.request('POST', '/channels', { platform: 'x', handle: 'third' });
      expect(none.status).toBe(503);
      expect(none.body.code).toBe('sandbox_unavailable');
    } finally {
      settings.sandboxUrl = sandboxUrl;
    }
  });
});
