import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';

// A file that hangs, is missing, was cut or replaced, or cannot be fetched from this server: it is reported as a fault of
// this server, nothing is sent, and the platform is not blamed.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await app.startWorker();
});
afterAll(() => app.close());

const PLATFORMS = ['x', 'instagram', 'linkedin', 'bluesky', 'mastodon'];

interface Delivery {
  platform: string;
  status: string;
  failure: { kind: string; actor: string; reason: string } | null;
}

const upload = async () => (await app.upload('a.jpg', await demoImage())).body as { id: string; url: string };
const pathOf = (id: string) => join(app.mediaDirectory, app.organizationId, id);
const publish = async (text: string, mediaIds: string[], platforms: string[]) => {
  const { id } = (await app.request('POST', '/posts', { text, mediaIds, platforms })).body as { id: string };
  expect((await app.request('POST', `/posts/${id}/publish`)).status).toBe(202);
  return {
    id,
    deliveries: async () => (await app.request('GET', `/posts/${id}`)).body.deliveries as Delivery[],
  };
};
const tryAgainNow = (postId: string) =>
  app.ctx.db.query(`UPDATE delivery SET next_attempt_at = now() WHERE post_id = $1`, [postId]);
const expectNothingOut = async (text: string) => {
  for (const platform of PLATFORMS) {
    const texts = (await app.publicPosts(platform)).map((post) => post.text);
    expect(texts.filter((each) => each.includes(text))).toEqual([]);
  }
  expect(await app.ctx.db.query('SELECT 1 FROM platform_circuit')).toEqual([]);
};

describe('a file that is not what was uploaded', () => {
  it.each<[string, (path: string) => Promise<void>]>([
    ['was cut off', (path) => truncate(path, 1_000)],
    [
      'was replaced by as many other bytes',
      async (path) => {
        const bytes = await readFile(path);
        bytes[bytes.length - 9]! ^= 1;
        await writeFile(path, bytes);
      },
    ],
  ])('is sent to no platform when it %s', async (what, spoil) => {
    const image = await upload();
    await spoil(pathOf(image.id));
    const text = `A file that ${what}`;
    const post = await publish(text, [image.id], PLATFORMS);
    const ended = await eventually(
      post.deliveries,
      (all) => all.every(({ status }) => status === 'failed'),
      'every delivery fails',
    );
    for (const { failure } of ended) {
      expect(failure).toMatchObject({ kind: 'media_damaged', actor: 'operator' });
      expect(failure?.reason).toContain('is not what was uploaded');
    }
    await expectNothingOut(text);
  });

  it('is answered with an error at its link, without waiting', async () => {
    const image = await upload();
    await truncate(pathOf(image.id), 1_000);
    const began = Date.now();
    for (const init of [{}, { headers: { range: 'bytes=2000-' } }, { method: 'HEAD' }]) {
      const answer = await fetch(image.url, init);
      await answer.arrayBuffer();
      expect(answer.status).toBe(500);
    }
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(await (await fetch(image.url)).json()).toMatchObject({ code: 'media_damaged' });
  });
});

describe('a file that Instagram could not fetch from us', () => {
  it('is reported as a wrong PUBLIC_URL before Instagram hears of it, and goes out once that is fixed', async () => {
    const { publicUrl } = app.ctx.settings;
    app.ctx.settings.publicUrl = 'http://127.0.0.1:1';
    const image = await upload();
    const post = await publish('Unreachable', [image.id], ['instagram']);
    const [waiting] = await eventually(post.deliveries, ([each]) => each!.failure !== null, 'it is tried');
    expect(waiting).toMatchObject({
      status: 'pending',
      failure: { kind: 'media_unavailable', actor: 'operator' },
    });
    expect(waiting?.failure?.reason).toContain('at http://127.0.0.1:1 (PUBLIC_URL)');
    // Neither contains the signature or the expiry of the link.
    const ledger = await app.ctx.db.query('SELECT detail FROM attempt');
    expect(JSON.stringify([waiting, ledger])).not.toMatch(/signature|expires=/);
    await expectNothingOut('Unreachable');
    const { requests } = (await app.sandbox('GET', '/requests?platform=instagram')) as {
      requests: Record<string, number>;
    };
    expect(Object.keys(requests)).not.toContain('container');
    app.ctx.settings.publicUrl = publicUrl;
    await tryAgainNow(post.id);
    await eventually(post.deliveries, ([each]) => each!.status === 'published', 'it goes out');
  });

  it('is reported as missing from the store when it is not there', async () => {
    const image = await upload();
    await rm(pathOf(image.id));
    const post = await publish('Missing', [image.id], ['instagram']);
    const [waiting] = await eventually(post.deliveries, ([each]) => each!.failure !== null, 'it is tried');
    expect(waiting?.failure).toMatchObject({ kind: 'media_unavailable', actor: 'operator' });
    expect(waiting?.failure?.reason).toContain('missing where this server keeps its media');
    await expectNothingOut('Missing');
    await app.request('DELETE', `/posts/${post.id}`);
  });
});

it('a file that hangs delays neither other files nor texts, and goes out once it is back', async () => {
  const [hanging, well] = [await upload(), await upload()];
  const path = pathOf(hanging.id);
  await rename(path, `${path}-aside`);
  execFileSync('mkfifo', [path]);
  const platforms = ['x', 'linkedin', 'bluesky', 'mastodon'];
  const stuck = await publish('Hangs', [hanging.id], platforms);
  const others = [await publish('Well', [well.id], platforms), await publish('Text', [], platforms)];
  for (const post of others) {
    await eventually(
      post.deliveries,
      (all) => all.every(({ status }) => status === 'published'),
      'the others go out',
    );
  }
  const waiting = await eventually(
    stuck.deliveries,
    (all) => all.every(({ failure }) => failure !== null),
    'every attempt ends',
  );
  for (const { status, failure } of waiting) {
    expect([status, failure?.kind, failure?.actor]).toEqual(['pending', 'media_unavailable', 'operator']);
  }
  expect(await app.ctx.db.query('SELECT 1 FROM platform_circuit')).toEqual([]);
  await rename(`${path}-aside`, path);
  await tryAgainNow(stuck.id);
  await eventually(
    stuck.deliveries,
    (all) => all.every(({ status }) => status === 'published'),
    'it goes out',
  );
});

it('/health/ready of the API and of the worker says that the store is away, and when it is back', async () => {
  const ready = async () =>
    (await fetch(`${app.url}/health/ready`)).json() as Promise<Record<string, unknown>>;
  await eventually(ready, ({ workerStore }) => workerStore === 'up', 'the worker has looked');
  expect(await ready()).toMatchObject({ status: 'ready', store: 'up', workerStore: 'up' });
  await rename(app.mediaDirectory, `${app.mediaDirectory}-off`);
  await eventually(ready, (now) => now['store'] === 'away' && now['workerStore'] === 'away', 'it is away');
  expect(await ready()).toMatchObject({ status: 'degraded', database: 'up', worker: 'up' });
  await rename(`${app.mediaDirectory}-off`, app.mediaDirectory);
  await eventually(ready, ({ status }) => status === 'ready', 'it is back');
});
