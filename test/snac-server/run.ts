import assert from 'node:assert/strict';
import { mastodon } from '../../packages/publishers/src/mastodon/index.ts';
import type { PublishCall, PublisherError } from '../../packages/publishers/src/publisher.ts';
import { openChecks } from '../real-server/checks.ts';
import { jpeg, kindOf, openDeliveries, type Draft } from '../real-server/deliveries.ts';
import { startFaultProxy } from '../real-server/fault-proxy.ts';
import { checkProduct } from './product.ts';
import { startServer, type Account, type Post } from './server.ts';

// Tests our publisher, and then all of SoloSpark, against snac. The files in its folder are the oracle. snac has no
// Idempotency-Key and no `/api/v2/instance`, by which Mastodon itself is recognised.

const PUBLISH = '/api/v1/statuses';
const LIST = '/statuses?';
const UPLOAD = '/api/v2/media';
const MINUTE_MS = 60_000;

const server = await startServer();
const proxy = await startFaultProxy(server.url);
const bob = await server.createAccount('bob');
const { open, prepare, publish, publishUnclearly, lookUp } = openDeliveries(mastodon, proxy, PUBLISH);
const { check, finish } = openChecks((name) => server.createAccount(name));

const prepared = (account: Account, draft?: Draft): Promise<PublishCall> => prepare(open(account, draft));
/** Different images. */
const images = (count: number) =>
  Array.from({ length: count }, (_, index) => Buffer.concat([jpeg, Buffer.from(`image ${index}`)]));

/** The only post of this account; expects that the receipt names it, and that it is as it was sent. */
async function theOnlyPost(account: Account, outcome: object, call: PublishCall): Promise<Post> {
  const posts = server.posts(account);
  assert.equal(posts.length, 1);
  const [post] = posts;
  assert.ok(post);
  assert.equal((outcome as { outcome: string }).outcome, 'published', JSON.stringify(outcome));
  assert.equal((outcome as { receipt: { url: string } }).receipt.url, post.url);
  await isAsSent(post, call);
  return post;
}

async function isAsSent(post: Post, call: PublishCall): Promise<void> {
  assert.equal(post.text, call.text);
  const sent = await Promise.all(
    call.media.map(async (image) => ({ altText: image.altText, bytes: Buffer.from(await image.bytes()) })),
  );
  assert.deepEqual(
    post.attachments.map(({ altText, bytes }) => ({ altText, bytes })),
    sent,
  );
}

await check('the account is read from the token', async (account) => {
  const { remoteAccountId, handle } = account;
  assert.deepEqual(await mastodon.identity(open(account)), { remoteAccountId, handle });
});

await check(
  'a link, a hashtag, a mention and four images are published, and stored as sent',
  async (account) => {
    const text = '見て👨‍👩‍👧‍👦 https://example.com/ä?b#c, #tag @bob (https://example.com/d).';
    const call = await prepared(account, { text, images: images(4) });
    const { html, hashtags, mentions } = await theOnlyPost(account, await publish(call), call);
    assert.deepEqual(hashtags, ['#tag']);
    assert.deepEqual(mentions, [`@${bob.name}@${new URL(server.url).host}`]);
    assert.deepEqual(
      [...html.matchAll(/href="(https:[^"]*)" target/g)].map(([, link]) => link),
      ['https://example.com/ä?b&#35;c', 'https://example.com/d'],
    );
  },
);

await check('the images of a post stay unchanged when the next post has other images', async (account) => {
  const calls = [];
  for (const image of images(2)) {
    const call = await prepared(account, { images: [image] });
    assert.equal((await publish(call)).outcome, 'published');
    calls.push(call);
  }
  const posts = server.posts(account);
  assert.equal(posts.length, 2);
  for (const [index, call] of calls.entries()) await isAsSent(posts[index] as Post, call);
});

const drafts: Record<string, Draft> = {
  'a text': { text: 'Out https://example.com/a?b=1&c=2 #tag @bob' },
  'a text that the server changes': {
    text: '# Head\n*Yes* :-) <3\n> `code`\n---\nhttps://example.com/a.png',
  },
  'a text with images': { text: 'Seen', images: images(2) },
  'images alone': { text: '', images: images(1) },
};
for (const [name, draft] of Object.entries(drafts)) {
  for (const fault of ['drop-after', '503-after', 'cut-after', 'hang-after'] as const) {
    await check(
      `${name}: after ${fault} the call is unclear, and the post is found and public once`,
      async (account) => {
        const call = await prepared(account, draft);
        await publishUnclearly(call, fault);
        await theOnlyPost(account, await lookUp(call), call);
      },
    );
  }

  await check(
    `${name}: after drop-before the post is absent after ten minutes, and a resend makes it public once`,
    async (account) => {
      const call = await prepared(account, draft);
      await publishUnclearly(call, 'drop-before');
      for (const agoMs of [0, 3 * MINUTE_MS, 9 * MINUTE_MS]) {
        assert.equal((await lookUp(call, agoMs)).outcome, 'ask_again');
      }
      assert.deepEqual(await lookUp(call, 11 * MINUTE_MS), { outcome: 'absent' });
      call.sentBefore = true;
      await prepare(call);
      await theOnlyPost(account, await publish(call), call);
    },
  );

  await check(`${name}: a post that appears late is found before it would be sent again`, async (account) => {
    const call = await prepared(account, draft);
    await publishUnclearly(call, 'drop-after');
    call.sentBefore = true;
    await prepare(call);
    await theOnlyPost(account, await publish(call), call);
  });
}

await check(
  'this server ignores the Idempotency-Key, so only the look-up prevents a double post',
  async (account) => {
    const call = await prepared(account);
    await publish(call);
    await publish(call);
    assert.equal(server.posts(account).length, 2);
  },
);

await check('a post that its author boosted meanwhile is found', async (account) => {
  const call = await prepared(account);
  await publishUnclearly(call, 'drop-after');
  await server.boost(account);
  await theOnlyPost(account, await lookUp(call, 11 * MINUTE_MS), call);
});

await check('an older post with the same text is not mistaken for the delivery', async (account) => {
  const older = await prepared(account, { text: 'Good morning' });
  await publish(older);
  const call = await prepared(account, { text: 'Good morning' });
  await publishUnclearly(call, 'drop-before');
  assert.deepEqual(await lookUp(call, 11 * MINUTE_MS), { outcome: 'absent' });
});

await check(
  'a delivery that was handed back after its uploads is published with all four images',
  async (account) => {
    const call = await prepared(account, { images: images(4) });
    await prepare(call);
    await theOnlyPost(account, await publish(call), call);
  },
);

await check(
  'a look-up that is cut is repeated, and an upload that is cut is tried again',
  async (account) => {
    const call = open(account, { images: images(1) });
    void proxy.arm(UPLOAD, 'drop-after');
    assert.equal((await mastodon.prepare(call)).outcome, 'retry');
    await prepare(call);
    await publishUnclearly(call, 'drop-after');
    void proxy.arm(LIST, '503-after');
    assert.equal((await lookUp(call)).outcome, 'ask_again');
    void proxy.arm(LIST, 'cut-after');
    assert.equal((await lookUp(call)).outcome, 'ask_again');
    await theOnlyPost(account, await lookUp(call), call);
  },
);

await check('two deliveries with the same text make two posts', async (account) => {
  for (let count = 0; count < 2; count++) {
    assert.equal((await publish(await prepared(account, { text: 'Same' }))).outcome, 'published');
  }
  assert.equal(server.posts(account).length, 2);
});

for (const [what, spoil] of Object.entries({
  'a revoked token': (account: Account) => server.revokeTokens(account),
  'an invalid token': (_: Account, call: PublishCall) => void (call.credentials.accessToken = 'nonsense'),
})) {
  await check(`${what} is reported as a token failure, and nothing is public`, async (account) => {
    const call = await prepared(account);
    const withImage = open(account, { images: images(1) });
    spoil(account, call);
    withImage.credentials = call.credentials;
    assert.deepEqual(kindOf(await publish(call)), ['failed', 'auth_expired', 'user']);
    assert.deepEqual(kindOf(await mastodon.prepare(withImage)), ['failed', 'auth_expired', 'user']);
    await assert.rejects(
      mastodon.identity(call),
      (error: PublisherError) => error.failure.kind === 'auth_expired' && error.failure.actor === 'user',
    );
    assert.deepEqual(server.posts(account), []);
  });
}

await checkProduct(server, proxy, check);

await proxy.close();
await server.close();
finish();
