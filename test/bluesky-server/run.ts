import assert from 'node:assert/strict';
import { bluesky } from '../../packages/publishers/src/bluesky/index.ts';
import { recordOf } from '../../packages/publishers/src/bluesky/record.ts';
import { createHttpClient } from '../../packages/publishers/src/http.ts';
import type { PublishCall, PublishMedia } from '../../packages/publishers/src/publisher.ts';
import { checkSettings } from '../../packages/publishers/src/settings.ts';
import { openChecks } from '../real-server/checks.ts';
import { filmOf, jpeg, kindOf, openDeliveries, PATIENCE_MS, type Draft } from '../real-server/deliveries.ts';
import { startFaultProxy } from '../real-server/fault-proxy.ts';
import { checkProduct } from './product.ts';
import { startServer, type Account, type Entry } from './server.ts';
import { settingsAtTheLimits } from './settings.ts';
import { generateTexts } from './texts.ts';

// Tests our publisher, and then all of SoloSpark, against Bluesky's own server. The server's list of records is the oracle.

const PUBLISH = 'com.atproto.repo.putRecord';
const LOOK_UP = 'com.atproto.repo.getRecord';
const UPLOAD = 'com.atproto.repo.uploadBlob';

const server = await startServer();
const proxy = await startFaultProxy(server.url);
const bob = await server.createAccount('bob');
const deliveries = openDeliveries(bluesky, proxy, PUBLISH);
const { publish, publishUnclearly, lookUp } = deliveries;
const { check, finish } = openChecks((name) => server.createAccount(name));

const open = ({ did, handle, accessJwt }: Account, draft?: Draft): PublishCall =>
  deliveries.open({ remoteAccountId: did, handle, accessToken: accessJwt }, draft);

const prepared = (account: Account, draft?: Draft) => deliveries.prepare(open(account, draft));

/** The bytes of a blob, as the server serves them publicly. */
async function blobOf({ did }: Account, { ref }: { ref: { $link: string } }): Promise<Buffer> {
  const query = new URLSearchParams({ did, cid: ref.$link });
  const response = await fetch(`${server.url}/xrpc/com.atproto.sync.getBlob?${query.toString()}`);
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

/** The only record of this account; expects that the receipt names it. */
async function theOnlyPost(account: Account, outcome: unknown): Promise<Entry> {
  const posts = await server.posts(account);
  assert.equal(posts.length, 1);
  const [post] = posts;
  assert.ok(post);
  const rkey = post.uri.split('/').at(-1);
  const url = `https://bsky.app/profile/${account.did}/post/${rkey}`;
  assert.deepEqual(outcome, { outcome: 'published', receipt: { remoteId: post.uri, url } });
  return post;
}

await check('the account is read from the token', async (account) => {
  const call = open(account);
  const { did, handle } = account;
  assert.deepEqual(await bluesky.identity(call), { remoteAccountId: did, handle });
});

await check(
  'links, a hashtag, a mention and two images are published, and stored as sent',
  async (account) => {
    const text = '見て👨‍👩‍👧‍👦 https://example.com/ä?b#c, #tag @bob.test (https://example.com/d).';
    const call = await prepared(account, { text, images: [jpeg, Buffer.concat([jpeg, Buffer.from('2')])] });
    const { value } = await theOnlyPost(account, await publish(call));
    // Links are shortened as in Bluesky's own app.
    const shown = '見て👨‍👩‍👧‍👦 example.com/%C3%A4?b#c, #tag @bob.test (example.com/d).';
    assert.equal(value.text, shown);
    assert.equal(value.createdAt, call.evidence['createdAt']);
    const marked = value.facets.map(
      ({
        index,
        features,
      }: {
        index: { byteStart: number; byteEnd: number };
        features: Record<string, string>[];
      }) => [
        Buffer.from(shown).subarray(index.byteStart, index.byteEnd).toString(),
        features[0]?.['uri'] ?? features[0]?.['tag'] ?? features[0]?.['did'],
      ],
    );
    assert.deepEqual(marked, [
      ['example.com/%C3%A4?b#c', 'https://example.com/ä?b#c'],
      ['#tag', 'tag'],
      ['@bob.test', bob.did],
      ['example.com/d', 'https://example.com/d'],
    ]);
    assert.deepEqual(
      value.embed.images.map((image: { alt: string; aspectRatio: unknown }) => [
        image.alt,
        image.aspectRatio,
      ]),
      [0, 1].map((index) => [`image ${index}`, { width: 4, height: 3 }]),
    );
  },
);

for (const fault of ['drop-after', '503-after', 'cut-after', 'hang-after'] as const) {
  await check(
    `after ${fault} the call is unclear, and the post is found and public once`,
    async (account) => {
      const call = await prepared(account, { images: [jpeg] });
      await publishUnclearly(call, fault);
      await theOnlyPost(account, await lookUp(call));
    },
  );

  await check(`after ${fault} a resend without look-up leaves one unchanged post`, async (account) => {
    const call = await prepared(account, { text: 'Twice https://example.com #tag', images: [jpeg] });
    await publishUnclearly(call, fault);
    const [before] = await server.posts(account);
    assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
    assert.deepEqual(await theOnlyPost(account, await publish(call)), before);
  });
}

await check(
  'after drop-before the call is unclear, the post is absent, and a resend makes it public once',
  async (account) => {
    const call = await prepared(account);
    await publishUnclearly(call, 'drop-before');
    assert.deepEqual(await lookUp(call), { outcome: 'absent' });
    await theOnlyPost(account, await publish(call));
  },
);

await check('six simultaneous calls for one delivery make one post', async (account) => {
  const call = await prepared(account);
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => publish(call)));
  for (const outcome of outcomes) await theOnlyPost(account, outcome);
});

await check(
  'a look-up that is cut is repeated, and an upload that is cut is tried again',
  async (account) => {
    const call = open(account, { images: [jpeg] });
    void proxy.arm(UPLOAD, 'drop-after');
    assert.equal((await bluesky.prepare(call)).outcome, 'retry');
    assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
    await publishUnclearly(call, 'drop-after');
    void proxy.arm(LOOK_UP, '503-after');
    assert.equal((await lookUp(call)).outcome, 'ask_again');
    await theOnlyPost(account, await lookUp(call));
  },
);

await check(
  'another text under the same key overwrites nothing, and the delivery is uncertain',
  async (account) => {
    const call = await prepared(account, { text: 'Before' });
    await theOnlyPost(account, await publish(call));
    call.text = 'After';
    const outcome = await publish(call);
    assert.equal(outcome.outcome, 'unclear');
    assert.match(outcome.detail ?? '', /InvalidSwap/);
    assert.equal((await lookUp(call)).outcome, 'uncertain');
    assert.deepEqual(
      (await server.posts(account)).map(({ value }) => value.text),
      ['Before'],
    );
  },
);

await check('two deliveries with the same text make two posts', async (account) => {
  for (let count = 0; count < 2; count++) {
    assert.equal((await publish(await prepared(account, { text: 'Same' }))).outcome, 'published');
  }
  assert.equal((await server.posts(account)).length, 2);
});

await check('an expired token is reported as expired, and nothing is public', async (account) => {
  const call = await prepared(account);
  call.credentials.accessToken = server.expiredTokenOf(account);
  const outcome = await publish(call);
  assert.deepEqual(kindOf(outcome), ['failed', 'auth_expired', 'user']);
  await assert.rejects(bluesky.identity(call), { name: 'PublisherError' });
  assert.deepEqual(await server.posts(account), []);
});

await check('an invalid token is reported as invalid', async (account) => {
  const call = await prepared(account);
  call.credentials.accessToken = 'nonsense';
  assert.deepEqual(kindOf(await publish(call)), ['failed', 'auth_expired', 'user']);
});

await check('an account that was taken down is reported as taken down', async (account) => {
  const call = await prepared(account);
  await server.takeDown(account);
  assert.deepEqual(kindOf(await publish(call)), ['failed', 'rejected_account', 'user']);
});

await check('an image of 1,000,001 bytes is refused, and one of 1,000,000 is accepted', async (account) => {
  const sized = (bytes: number) => Buffer.concat([jpeg, Buffer.alloc(bytes - jpeg.length)]);
  const large = await prepared(account, { images: [sized(1_000_001)] });
  assert.deepEqual(kindOf(await publish(large)), ['failed', 'rejected_content', 'user']);
  const allowed = await prepared(account, { images: [sized(1_000_000)] });
  await theOnlyPost(account, await publish(allowed));
});

await check(
  'a reference to a missing image is recognised, and the image is uploaded again',
  async (account) => {
    const call = await prepared(account, { images: [jpeg] });
    const other = open(await server.createAccount('elsewhere'), { images: [jpeg] });
    Object.assign(other.evidence, call.evidence);
    other.media = call.media;
    assert.equal((await publish(other)).outcome, 'retry');
    assert.deepEqual(await bluesky.prepare(other), { outcome: 'ready' });
    assert.equal((await publish(other)).outcome, 'published');
  },
);

const card = { url: 'https://example.com/ä?b=c#d', title: 'A page', description: '' };
const kinds: [string, Draft][] = [
  ['a link card', { settings: { linkCard: card } }],
  ['a link card with a picture', { images: [jpeg], settings: { linkCard: card } }],
  ['a video', { videos: [filmOf(4_900_000)] }],
  [
    'languages and labels',
    { settings: { languages: ['de', 'zh-Hant-TW'], contentLabels: ['nudity', 'graphic-media'] } },
  ],
  [
    'a video with languages and labels',
    { videos: [filmOf(1_000)], settings: { languages: ['pt-BR'], contentLabels: ['porn'] } },
  ],
];
for (const [what, draft] of kinds) {
  for (const fault of ['drop-after', '503-after', 'cut-after', 'hang-after'] as const) {
    await check(
      `after ${fault} a resend of ${what} without look-up leaves one post, as it was sent`,
      async (account) => {
        const call = await prepared(account, draft);
        await publishUnclearly(call, fault);
        const [before] = await server.posts(account);
        assert.deepEqual(before?.value, recordOf(call));
        assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
        assert.deepEqual(await theOnlyPost(account, await publish(call)), before);
        await theOnlyPost(account, await lookUp(call));
      },
    );
  }
}

await check('a video and a card have the record types that the server knows', async (account) => {
  const film = filmOf(4_900_000);
  const call = await prepared(account, { videos: [film] });
  const { value } = await theOnlyPost(account, await publish(call));
  assert.equal(value.embed.$type, 'app.bsky.embed.video');
  assert.deepEqual([value.embed.alt, value.embed.aspectRatio], ['A film', { width: 1_280, height: 720 }]);
  assert.deepEqual([value.embed.video.mimeType, value.embed.video.size], ['video/mp4', film.length]);
  assert.ok(film.equals(await blobOf(account, value.embed.video)));

  const other = await server.createAccount('carded');
  const carded = await prepared(other, { images: [jpeg], settings: { linkCard: card } });
  const { embed } = (await theOnlyPost(other, await publish(carded))).value;
  assert.equal(embed.$type, 'app.bsky.embed.external');
  assert.ok(jpeg.equals(await blobOf(other, embed.external.thumb)));
});

await check(
  'a video whose upload was cut is uploaded again, and not once more half an hour later',
  async (account) => {
    const call = open(account, { videos: [filmOf(4_900_000)] });
    let pieces = 0;
    const [video] = call.media;
    assert.ok(video);
    const counted: PublishMedia['bytes'] = (range) => {
      pieces += 1;
      return video.bytes(range);
    };
    call.media = [{ ...video, bytes: counted }];
    void proxy.arm(UPLOAD, 'drop-after');
    assert.equal((await bluesky.prepare(call)).outcome, 'retry');
    assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
    assert.equal(pieces, 4);
    call.now = () => new Date(Date.now() + 30 * 60_000);
    assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
    assert.equal(pieces, 4);
    await theOnlyPost(account, await publish(call));
  },
);

await check(
  'a video larger than this server accepts is reported as too large, and nothing is public',
  async (account) => {
    for (const byteSize of [5 * 1024 * 1024 + 1, 8_000_000, 50_000_000]) {
      const direct = open(account, { videos: [filmOf(byteSize)] });
      direct.http = createHttpClient({ baseUrl: server.url, timeoutMs: PATIENCE_MS });
      const outcome = await bluesky.prepare(direct);
      assert.deepEqual(kindOf(outcome), ['failed', 'rejected_content', 'user'], JSON.stringify(outcome));
      assert.match(JSON.stringify(outcome), /takes no files of \d+\.\d MB/);
    }
    assert.deepEqual(await server.posts(account), []);
  },
);

await check('the server and our check agree on languages, cards and labels', async (account) => {
  for (const { settings, allowed, allowedThere = allowed } of settingsAtTheLimits) {
    const said = JSON.stringify(settings);
    assert.deepEqual(checkSettings(bluesky, settings), [], said);
    assert.equal(bluesky.check({ text: 'a', media: [], settings }).length === 0, allowed, said);
    const outcome = await publish(await prepared(account, { text: 'a', settings }));
    assert.equal(outcome.outcome, allowedThere ? 'published' : 'failed', said);
  }
});

await check('the server refuses the same alt texts of videos as our check', async (account) => {
  for (const [count, allowed] of [
    [1_000, true],
    [1_001, false],
  ] as const) {
    const call = await prepared(account, { videos: [filmOf(1_000)] });
    for (const file of call.media) file.altText = 'é'.repeat(count);
    const { text, media, settings } = call;
    assert.equal(bluesky.check({ text, media, settings }).length === 0, allowed);
    assert.equal((await publish(call)).outcome, allowed ? 'published' : 'failed');
  }
});

const texts = generateTexts(240);
await check(`the server and our check agree on ${texts.length} texts near the limits`, async (account) => {
  let accepted = 0;
  for (const text of texts) {
    const allowed = bluesky.check({ text, media: [], settings: {} }).length === 0;
    const outcome = await publish(await prepared(account, { text }));
    const said = `${JSON.stringify(text.slice(0, 40))}…, ${[...text].length} code points, ${Buffer.byteLength(text)} bytes`;
    assert.equal(outcome.outcome, allowed ? 'published' : 'failed', said);
    accepted += allowed ? 1 : 0;
  }
  assert.equal((await server.posts(account)).length, accepted);
  assert.ok(accepted > 40 && accepted < texts.length - 40, `${accepted} were allowed`);
});

await checkProduct(server, proxy, check);

await proxy.close();
await server.close();
finish();
