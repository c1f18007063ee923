import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { demoImage, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.close());

const draft = async () => (await api.request('POST', '/posts', { text: 'A', platforms: ['x'] })).body;
const read = (path: string, ifNoneMatch?: string) =>
  api.request('GET', path, undefined, ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch });
const tagOf = async (path: string) => String((await read(path)).headers['etag']);

describe('If-None-Match', () => {
  it.each([
    ['a post', async () => `/posts/${(await draft()).id}`],
    ['the list of posts', async () => '/posts?limit=2'],
    ['the list of channels', async () => '/channels'],
    ['the list of platforms', async () => '/platforms'],
    ['a media file', async () => `/media/${(await api.upload('a.jpg', await demoImage())).body.id}`],
    [
      'a connection',
      async () =>
        `/connections/${(await api.request('POST', '/connections', { platform: 'x', sandbox: true })).body.id}`,
    ],
  ])('304 without a body for %s that has not changed', async (_, open) => {
    const path = await open();
    const first = await read(path);
    const tag = String(first.headers['etag']);
    expect(tag).toMatch(/^"[\w-]+"$/);
    for (const known of [tag, `W/${tag}`, `"other", W/"one,more" ,${tag}`, '*', ' * ']) {
      const again = await read(path, known);
      expect([known, again.status, again.text]).toEqual([known, 304, '']);
      expect(again.headers['etag']).toBe(tag);
      expect(again.headers['cache-control']).toBe('private, no-cache');
      expect(again.headers['vary']).toBe('x-api-key');
      expect(again.headers['content-type']).toBeUndefined();
    }
    for (const unknown of ['"other"', tag.slice(1, -1), 'W/"other", "more"', '', '"*"']) {
      const again = await read(path, unknown);
      expect([unknown, again.status]).toEqual([unknown, 200]);
      expect(again.body).toEqual(first.body);
    }
  });

  it('200 for a post that was edited, and for one whose delivery changed at the same revision', async () => {
    const { id } = await draft();
    const tag = await tagOf(`/posts/${id}`);
    await api.request('PATCH', `/posts/${id}`, { text: 'B' });
    const edited = await read(`/posts/${id}`, tag);
    expect([edited.status, edited.body.text]).toEqual([200, 'B']);
    await api.ctx.db.query(`UPDATE delivery SET attempts_used = 1 WHERE post_id = $1`, [id]);
    const tried = await read(`/posts/${id}`, edited.headers['etag']);
    expect([tried.status, tried.body.revision]).toEqual([200, edited.body.revision]);
  });

  it('200 for a list to which a post was added', async () => {
    const tag = await tagOf('/posts');
    await draft();
    expect((await read('/posts', tag)).status).toBe(200);
  });

  it('404 and 401 are answered as without the header', async () => {
    const unknown = '/posts/00000000-0000-4000-8000-000000000000';
    expect((await read(unknown, '*')).status).toBe(404);
    const answer = await api.request('GET', '/posts', undefined, { 'if-none-match': '*', 'x-api-key': 'no' });
    expect(answer.status).toBe(401);
  });

  it('HEAD is answered like GET', async () => {
    const { id } = await draft();
    const path = `/posts/${id}`;
    const tag = await tagOf(path);
    const head = await api.request('HEAD', path);
    expect([head.status, head.headers['etag']]).toEqual([200, tag]);
    expect((await api.request('HEAD', path, undefined, { 'if-none-match': tag })).status).toBe(304);
  });

  it('304 for the file at a signed link, and 206 for a range when If-Range matches', async () => {
    const link = (await api.upload('a.jpg', await demoImage())).body.url as string;
    const tag = (await fetch(link)).headers.get('etag') ?? '';
    expect((await fetch(link, { headers: { 'if-none-match': `"a", ${tag}` } })).status).toBe(304);
    expect((await fetch(link, { headers: { 'if-none-match': '"a"' } })).status).toBe(200);
    const range = { range: 'bytes=0-9' };
    expect((await fetch(link, { headers: { ...range, 'if-range': tag } })).status).toBe(206);
    expect((await fetch(link, { headers: { ...range, 'if-range': '"a"' } })).status).toBe(200);
  });
});

describe('the ETag of an answer', () => {
  it('is accepted by If-Match, from any answer about the post, until the post changes', async () => {
    const created = await api.request('POST', '/posts', { text: 'A', platforms: ['x'] });
    const path = `/posts/${created.body.id}`;
    expect(created.headers['etag']).toBe(await tagOf(path));
    const tag = String(created.headers['etag']);
    const scheduledAt = secondsAhead(3_600);
    const moved = await api.request('PUT', `${path}/schedule`, { scheduledAt }, { 'if-match': tag });
    expect(moved.status).toBe(200);
    expect((await api.request('PATCH', path, { text: 'B' }, { 'if-match': tag })).status).toBe(412);
    // The weak tag that a compressing proxy makes, and the bare revision from the body.
    const weak = { 'if-match': `W/${String(moved.headers['etag'])}` };
    const edited = await api.request('PATCH', path, { text: 'C' }, weak);
    expect(edited.status).toBe(200);
    const last = await api.request('PATCH', path, { text: 'D' }, { 'if-match': `"${edited.body.revision}"` });
    expect(last.status).toBe(200);
  });
});
