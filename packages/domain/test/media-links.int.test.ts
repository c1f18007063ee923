import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { envOf, startProcess, type AppProcess } from '../../../test/support/processes.ts';
import { freePort } from '../../../test/support/queue.ts';

// A signed link is a permission: anybody who has it can fetch the image. Platforms get such links, and many people read logs.

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
  // Its bytes are gone: the worker finds that before it gives the link to the platform, and records it.
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
  // An altered link is refused.
  const refused = await fetch(`http://127.0.0.1:${port}/media/${image.id}?expires=9999999999&signature=mine`);
  expect(refused.status).toBe(403);
  for (const process of processes) {
    process.signal('SIGTERM');
    expect(await process.exited).toBe(0);
  }

  expect(worker.output()).toContain('delivery published');
  expect(worker.output()).toContain('delivery to be tried again');
  // The API logs the requests for it, without the signature and the expiry.
  expect(api.output()).toContain(`/media/${image.id}`);
  const ledger = await app.ctx.db.query('SELECT detail FROM attempt');
  for (const written of [api.output(), worker.output(), JSON.stringify(ledger)]) {
    expect(written).not.toMatch(/signature|expires=/);
  }
});
