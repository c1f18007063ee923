import assert from 'node:assert/strict';
import type { Check } from '../real-server/checks.ts';
import type { Fault, FaultProxy } from '../real-server/fault-proxy.ts';
import { openProduct } from '../real-server/product.ts';
import { demoImage, eventually } from '../support/app.ts';
import { openBrowser, type Page } from '../support/browser.ts';
import { noise } from '../support/media.ts';
import type { Account, Post, Server } from './server.ts';

// Tests all of SoloSpark against snac: an author gives consent on its page, our worker publishes, and its folder shows the result.

const PUBLISH = '/api/v1/statuses';
const LIST = '/statuses?';
const TOKEN = '/oauth/token';

export async function checkProduct(server: Server, proxy: FaultProxy, check: Check<Account>): Promise<void> {
  const { app, publish, delivery, until } = await openProduct();

  /** Connects as the author does in a browser, up to the page that answers name and password. */
  async function agree({ name }: Account, password: string) {
    const start = { platform: 'mastodon', server: proxy.url };
    const connection = await app.request('POST', '/connections', start);
    assert.equal(connection.status, 201, connection.text);
    const browser = openBrowser();
    const signIn = (page: Page, passwd: string) => browser.submit(page, { typed: { login: name, passwd } });
    const page = await signIn(await browser.submit(await browser.open(connection.body.url), {}), password);
    const progress = async () => (await app.request('GET', `/connections/${connection.body.id}`)).body;
    return { page, signIn, progress };
  }
  async function connect(account: Account): Promise<string> {
    const { page, progress } = await agree(account, account.password);
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, new RegExp(`${account.name} on Mastodon.*is connected`, 's'));
    const { status, channelId } = await progress();
    assert.equal(status, 'connected');
    return channelId as string;
  }
  const uploadImages = async () => {
    const uploaded = [
      await app.upload('a.jpg', await demoImage(), { altText: 'One' }),
      await app.upload('b.png', await noise(40, 30).png().toBuffer()),
    ];
    return uploaded.map(({ body }) => body.id as string);
  };
  /** Expects exactly one post, and that the receipt names it. */
  async function isOutOnce(account: Account, postId: string, text: string): Promise<Post | undefined> {
    const { remoteUrl } = await until(postId, 'published');
    const posts = server.posts(account);
    assert.deepEqual(
      posts.map((post) => [post.url, post.text]),
      [[remoteUrl, text]],
    );
    return posts[0];
  }

  await check(
    'through our API: the author gives consent, and a post with two images is published',
    async (account) => {
      const channelId = await connect(account);
      const text = 'Grüße 👋🏽 an @bob: https://example.com/ä #solospark :-)';
      const post = await isOutOnce(account, await publish(channelId, text, await uploadImages()), text);
      assert.deepEqual(
        post?.attachments.map(({ altText }) => altText),
        ['One', ''],
      );
      const [first, second] = post?.attachments ?? [];
      assert.ok(first && second && !first.bytes.equals(second.bytes));
    },
  );

  await check(
    'through our API: a wrong password connects nothing, and the right one afterwards does',
    async (account) => {
      const { page, signIn, progress } = await agree(account, 'wrong');
      assert.match(page.text, /LOGIN INCORRECT/);
      assert.equal((await progress()).status, 'waiting');
      assert.equal((await signIn(page, account.password)).status, 200);
      assert.equal((await progress()).status, 'connected');
    },
  );

  await check(
    'through our API: nothing is connected when the answer with the token is lost',
    async (account) => {
      void proxy.arm(TOKEN, 'drop-after');
      const { page, progress } = await agree(account, account.password);
      assert.ok(page.status >= 400, page.text);
      assert.deepEqual([(await progress()).status, (await progress()).channelId], ['failed', null]);
      await connect(account);
    },
  );

  const faults: Fault[] = ['drop-before', 'drop-after', '503-after', 'cut-after', 'hang-after'];
  for (const [fault, withImages] of faults.flatMap((fault) => [
    [fault, false] as const,
    [fault, true] as const,
  ])) {
    const what = withImages ? 'a post with images' : 'a post';
    await check(
      `through our API: after ${fault} on the public call, ${what} is public once`,
      async (account) => {
        const channelId = await connect(account);
        const played = proxy.arm(PUBLISH, fault);
        if (fault === 'drop-after') void proxy.arm(LIST, 'drop-before');
        const text = `# In spite of ${fault} :-)`;
        const postId = await publish(channelId, text, withImages ? await uploadImages() : []);
        await played;
        if (fault === 'drop-before') await letTenMinutesPass(postId);
        await isOutOnce(account, postId, text);
      },
    );
  }

  /** Moves the delivery ten minutes back: after that time a post that is not found counts as absent. */
  async function letTenMinutesPass(postId: string) {
    await eventually(
      () => delivery(postId),
      ({ status, nextAttemptAt }) => status === 'pending' && Date.parse(nextAttemptAt) > Date.now(),
      'it is looked for',
      60_000,
    );
    await app.ctx.db.query(
      `UPDATE delivery SET sending_at = sending_at - interval '11 minutes', next_attempt_at = now()
       WHERE post_id = $1 AND status = 'pending'`,
      [postId],
    );
  }

  await check(
    'through our API: a revoked token is reported, and the post is published after a new consent',
    async (account) => {
      const channelId = await connect(account);
      server.revokeTokens(account);
      const postId = await publish(channelId, 'Patience');
      const channel = await eventually(
        async () =>
          (await app.request('GET', '/channels')).body.data.find(
            ({ id }: { id: string }) => id === channelId,
          ),
        ({ status }) => status === 'needs_reconnect',
        'the channel needs to be reconnected',
      );
      assert.match(JSON.stringify(channel), /Connect the Mastodon account again/);
      assert.deepEqual(server.posts(account), []);
      assert.equal(await connect(account), channelId);
      await isOutOnce(account, postId, 'Patience');
    },
  );

  await app.close();
}
