import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { envOf, startProcess, type AppProcess } from '../../../test/support/processes.ts';
import { freePort } from '../../../test/support/queue.ts';

// A signed link is a permission: whoever has it may fetch the image. Platforms are given it, and logs are read by many.

let app: TestApp;
const processes: AppProcess[] = [];
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(async () => {
  for (const process of processes) {
    process.signal('SIGKILL');
    await process.exited;
  }
  await app.close();
});

it('neither the API nor a worker logs a signed media link, whether the platform can fetch it or not', async () => {
  const port = await freePort();
  const env = { ...envOf(app), PUBLIC_URL: `http://127.0.0.1:${port}`, LOG_LEVEL: 'trace' };
  const api = await startProcess('api', { ...env, PORT: String(port) });
  processes.push(api);
  const worker = await startProcess('worker', env);
  processes.push(worker);

  const upload = async () => (await app.upload('launch.jpg', await demoImage())).body as { id: string };
  const [image, lost] = [await upload(), await upload()];
  // A row whose bytes are gone: that is found before the platform is told of the link, and is written down.
  await rm(join(app.mediaDirectory, app.organizationId, lost.id));
  const publish = async (media: { id: string }) => {
    const content = { text: `Image ${media.id}`, mediaIds: [media.id], platforms: ['instagram'] };
    const post = (await app.request('POST', '/posts', content)).body;
    await app.request('POST', `/posts/${post.id}/publish`);
    return async () => (await app.request('GET', `/posts/${post.id}`)).body;
  };
  const [fetched, missing] = [await publish(image), await publish(lost)];
  await eventually(fetched, ({ status }) => status === 'published', 'the image is published');
  await eventually(missing, ({ deliveries }) => deliveries[0].failure !== null, 'the image is not fetched');
  // Altered, and refused for it.
  const refused = await fetch(`http://127.0.0.1:${port}/media/${image.id}?expires=9999999999&signature=mine`);
  expect(refused.status).toBe(403);
  for (const process of processes) {
    process.signal('SIGTERM');
    expect(await process.exited).toBe(0);
  }

  expect(worker.output()).toContain('delivery published');
  expect(worker.output()).toContain('delivery to be tried again');
  // The requests for it stand in the API's log, without what makes them a permission.
  expect(api.output()).toContain(`/media/${image.id}`);
  const ledger = await app.ctx.db.query('SELECT detail FROM attempt');
  for (const written of [api.output(), worker.output(), JSON.stringify(ledger)]) {
    expect(written).not.toMatch(/signature|expires=/);
  }
});
