import assert from 'node:assert/strict';
import { eventually, startTestApp } from '../support/app.ts';

/** Starts API and worker, with permission to call servers on this machine. */
export async function openProduct() {
  const app = await startTestApp();
  app.ctx.settings.allowPrivateServers = true;
  await app.startWorker();
  /** The only delivery of the post, as the API shows it. */
  const delivery = async (postId: string) =>
    (await app.request('GET', `/posts/${postId}`)).body.deliveries[0];
  /** Publishes a post now, and returns its id. */
  async function publish(channelId: string, text: string, mediaIds: string[] = []): Promise<string> {
    const post = await app.request('POST', '/posts', { text, channelIds: [channelId], mediaIds });
    assert.equal(post.status, 201, post.text);
    assert.equal((await app.request('POST', `/posts/${post.body.id}/publish`)).status, 202);
    return post.body.id as string;
  }
  const until = (postId: string, status: string) =>
    eventually(
      () => delivery(postId),
      (now) => now.status === status,
      `${postId} is ${status}`,
      120_000,
    );
  return { app, publish, delivery, until };
}
