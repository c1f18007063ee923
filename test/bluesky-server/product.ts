import assert from 'node:assert/strict';
import { seal, unseal } from '@solospark/foundation';
import type { Check } from '../real-server/checks.ts';
import type { Fault, FaultProxy } from '../real-server/fault-proxy.ts';
import { openProduct } from '../real-server/product.ts';
import { demoImage, eventually } from '../support/app.ts';
import type { Account, Server } from './server.ts';

// Tests all of SoloSpark against Bluesky's own server: an account is connected through our API, our worker publishes, and the
// server's list shows the result.

const PUBLISH = 'com.atproto.repo.putRecord';
const LOOK_UP = 'com.atproto.repo.getRecord';
const REFRESH = 'com.atproto.server.refreshSession';

export async function checkProduct(server: Server, proxy: FaultProxy, check: Check<Account>): Promise<void> {
  const { app, publish, delivery, until } = await openProduct();

  async function connect(account: Account): Promise<string> {
    const password = await server.createAppPassword(account);
    const signIn = { platform: 'bluesky', identifier: account.handle, password, server: proxy.url };
    const answer = await app.request('POST', '/connections/sign-in', signIn);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.body.remoteAccountId, account.did);
    return answer.body.id as string;
  }
  /** Expects exactly one record, and that the receipt names it. */
  async function isOutOnce(account: Account, postId: string, text: string) {
    const { remoteId } = await until(postId, 'published');
    const posts = await server.posts(account);
    assert.deepEqual(
      posts.map(({ uri, value }) => [uri, value.text]),
      [[remoteId, text]],
    );
    return posts[0];
  }

  await check(
    'through our API: an app password connects an account, and a post with images goes out',
    async (account) => {
      const channelId = await connect(account);
      const images = [
        await app.upload('a.jpg', await demoImage(), { altText: 'One' }),
        await app.upload('b.jpg', await demoImage()),
      ];
      const text = 'Grüße 👋🏽 an @bob.test: https://example.com/ä #solospark';
      const postId = await publish(
        channelId,
        text,
        images.map(({ body }) => body.id),
      );
      const post = await isOutOnce(
        account,
        postId,
        text.replace('https://example.com/ä', 'example.com/%C3%A4'),
      );
      assert.equal(post?.value.facets.length, 3);
      assert.deepEqual(
        post?.value.embed.images.map(({ alt }: { alt: string }) => alt),
        ['One', ''],
      );
    },
  );

  await check(
    'through our API: a wrong app password is refused with an error that says what to do',
    async (account) => {
      const signIn = {
        platform: 'bluesky',
        identifier: account.handle,
        password: 'wrong',
        server: proxy.url,
      };
      const answer = await app.request('POST', '/connections/sign-in', signIn);
      assert.deepEqual([answer.status, answer.body.code], [422, 'platform_refused']);
      assert.match(answer.body.detail, /app password/);
    },
  );

  const faults: Fault[] = ['drop-before', 'drop-after', '503-after', 'cut-after', 'hang-after'];
  for (const fault of faults) {
    await check(
      `through our API: after ${fault} on the public call the post is public once`,
      async (account) => {
        const channelId = await connect(account);
        void proxy.arm(PUBLISH, fault);
        if (fault === 'drop-after') void proxy.arm(LOOK_UP, 'drop-before');
        const text = `In spite of ${fault}`;
        await isOutOnce(account, await publish(channelId, text), text);
      },
    );
  }

  await check(
    'through our API: an expired token is renewed although the first answer is lost, and the post is published',
    async (account) => {
      const channelId = await connect(account);
      const context = `organization:${app.organizationId} channel:${channelId}`;
      const sealed = async () => {
        const [row] = await app.ctx.db.query<{ sealed: string }>(
          `SELECT sealed_credentials AS sealed FROM channel WHERE id = $1`,
          [channelId],
        );
        return unseal(app.ctx.settings.keyring, row?.sealed ?? '', context);
      };
      const expired = { ...JSON.parse(await sealed()), accessToken: server.expiredTokenOf(account) };
      await app.ctx.db.query(`UPDATE channel SET sealed_credentials = $2 WHERE id = $1`, [
        channelId,
        seal(app.ctx.settings.keyring, JSON.stringify(expired), context),
      ]);
      // The server issues new tokens, whose answer is lost. The old refresh token is valid for two more hours.
      void proxy.arm(REFRESH, 'drop-after');
      await isOutOnce(account, await publish(channelId, 'Renewed'), 'Renewed');
      assert.ok(!(await sealed()).includes(expired.accessToken));
    },
  );

  await check(
    'through our API: a used-up rate limit makes the post wait for its reset, and uses up no try',
    async (account) => {
      const channelId = await connect(account);
      await server.useUpAllowance(account);
      const before = (await server.posts(account)).length;
      const postId = await publish(channelId, 'Patience');
      const waiting = await eventually(
        () => delivery(postId),
        ({ failure }) => failure !== null,
        'it waits',
      );
      assert.deepEqual(
        [waiting.status, waiting.attempts, waiting.failure.kind],
        ['pending', 0, 'rate_limited'],
      );
      const waitMs = Date.parse(waiting.nextAttemptAt) - Date.now();
      assert.ok(waitMs > 60_000 && waitMs <= 3_600_000, `it waits for ${waitMs} ms`);
      assert.equal((await server.posts(account)).length, before);
    },
  );

  await check(
    'through our API: an account that was taken down is reported, and nothing is public',
    async (account) => {
      const channelId = await connect(account);
      await server.takeDown(account);
      const { failure } = await until(await publish(channelId, 'Nobody reads this'), 'failed');
      assert.deepEqual([failure.kind, failure.actor], ['rejected_account', 'user']);
    },
  );

  await app.close();
}
