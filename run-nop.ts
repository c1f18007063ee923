import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLogger } from '@solospark/foundation';
import { bluesky } from '../../packages/publishers/src/bluesky/index.ts';
import { recordOf } from '../../packages/publishers/src/bluesky/record.ts';
import { createHttpClient } from '../../packages/publishers/src/http.ts';
import type {
  PublishCall,
  PublishMedia,
  ReconcileOutcome,
  Settings,
} from '../../packages/publishers/src/publisher.ts';
import { checkSettings } from '../../packages/publishers/src/settings.ts';
import { checkProduct } from './product.ts';
import { startFaultProxy, type Fault } from './fault-proxy.ts';
import { startServer, type Account, type Entry } from './server.ts';
import { generateTexts } from './texts.ts';

// Our publisher, and then all of SoloSpark, against Bluesky's own server: what its list of records says is what is true.

const PUBLISH = 'com.atproto.repo.putRecord';
const LOOK_UP = 'com.atproto.repo.getRecord';
const UPLOAD = 'com.atproto.repo.uploadBlob';
const PATIENCE_MS = 30_000;
/** For the call whose answer never comes. */
const HASTE_MS = 1_000;

const jpeg = readFileSync(new URL('../../scripts/assets/demo.jpg', import.meta.url));
const log = createLogger({ name: 'test', level: 'silent' });

const server = await startServer();
const proxy = await startFaultProxy(server.url);
const bob = await server.createAccount('bob');
let serial = 0;
const failed: string[] = [];
let passed = 0;

interface Draft {
  text?: string;
  images?: Uint8Array[];
  videos?: Uint8Array[];
  settings?: Settings;
}

/** A delivery as the engine gives it to the publisher; `remember` keeps what a JSON column would keep. */
async function open(account: Account, draft: Draft = {}): Promise<PublishCall> {
  const { text = `Post ${++serial}`, images = [], videos = [], settings = {} } = draft;
  const http = createHttpClient({ baseUrl: proxy.url, timeoutMs: PATIENCE_MS });
  const credentials = { accessToken: account.accessJwt };
  const call: PublishCall = {
    http,
    credentials,
    text,
    media: [...images.map((bytes, index) => imageOf(bytes, index)), ...videos.map(videoOf)],
    settings,
    account: { remoteAccountId: account.did, handle: account.handle },
    witness: {},
    sentBefore: false,
    remember(facts) {
      Object.assign(call.witness, JSON.parse(JSON.stringify(facts)));
      return Promise.resolve();
    },
    now: () => new Date(),
    signal: new AbortController().signal,
    log,
  };
  return call;
}

function imageOf(bytes: Uint8Array, index: number): PublishMedia {
  return {
    id: randomUUID(),
    kind: 'image',
    mimeType: 'image/jpeg',
    byteSize: bytes.length,
    width: 4,
    height: 3,
    durationMs: null,
    frameRate: null,
    videoCodec: null,
    audioCodec: null,
    pageCount: null,
    altText: `image ${index}`,
    bytes: (range) => Promise.resolve(new Uint8Array(bytes.subarray(range?.start, range && range.end + 1))),
    publicUrl: () => '',
  };
}

/** The server looks at how the bytes begin, and at nothing behind that. */
function filmOf(byteSize: number): Buffer {
  const film = Buffer.alloc(byteSize, '.');
  film.write('0000001866747970697336d0000000006973366d6d703432', 'hex');
  return film;
}

function videoOf(bytes: Uint8Array): PublishMedia {
  return {
    ...imageOf(bytes, 0),
    kind: 'video',
    mimeType: 'video/mp4',
    width: 1_280,
    height: 720,
    durationMs: 10_000,
    frameRate: 30,
    videoCodec: 'h264',
    audioCodec: 'aac',
    altText: 'A film',
  };
}

async function prepared(account: Account, draft: Draft = {}): Promise<PublishCall> {
  const call = await open(account, draft);
  assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
  return call;
}

/** What is thrown counts as unclear, as in the engine. */
async function publish(call: PublishCall): Promise<{ outcome: string; detail?: string }> {
  try {
    return await bluesky.publish(call);
  } catch (error) {
    return { outcome: 'uncertain', detail: String(error) };
  }
}

/** Waits for the server, too: a call that was given up early may still be on its way. */
async function publishUnclearly(call: PublishCall, fault: Fault): Promise<void> {
  const played = proxy.arm(PUBLISH, fault);
  const timeoutMs = fault === 'hang-after' ? HASTE_MS : PATIENCE_MS;
  const http = createHttpClient({ baseUrl: proxy.url, timeoutMs });
  assert.equal((await publish({ ...call, http })).outcome, 'uncertain');
  await played;
}

const reconcile = (call: PublishCall): Promise<ReconcileOutcome> =>
  bluesky.reconcile({ ...call, sendingSince: new Date(), asked: 0 });

/** The one record of this account, which is what the receipt says. */
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

/** Each case has an account of its own, so that its list is the whole story. */
async function check(title: string, run: (account: Account) => Promise<void>): Promise<void> {
  try {
    await run(await server.createAccount(`case${passed + failed.length}`));
    passed += 1;
    process.stdout.write(`✓ ${title}\n`);
  } catch (error) {
    failed.push(title);
    process.stdout.write(`✗ ${title}\n${error instanceof Error ? error.stack : String(error)}\n`);
  }
}

await check('the token tells whose account it is', async (account) => {
  const call = await open(account);
  const { did, handle } = account;
  assert.deepEqual(await bluesky.identity(call), { remoteAccountId: did, handle });
});

await check(
  'links, a hashtag, a mention and two images go out, and the server has them as sent',
  async (account) => {
    const text = '見て👨‍👩‍👧‍👦 https://example.com/ä?b#c, #tag @bob.test (https://example.com/d).';
    const call = await prepared(account, { text, images: [jpeg, Buffer.concat([jpeg, Buffer.from('2')])] });
    const { value } = await theOnlyPost(account, await publish(call));
    assert.equal(value.text, text);
    assert.equal(value.createdAt, call.witness['createdAt']);
    const marked = value.facets.map(
      ({
        index,
        features,
      }: {
        index: { byteStart: number; byteEnd: number };
        features: Record<string, string>[];
      }) => [
        Buffer.from(text).subarray(index.byteStart, index.byteEnd).toString(),
        features[0]?.['uri'] ?? features[0]?.['tag'] ?? features[0]?.['did'],
      ],
    );
    assert.deepEqual(marked, [
      ['https://example.com/ä?b#c', 'https://example.com/ä?b#c'],
      ['#tag', 'tag'],
      ['@bob.test', bob.did],
      ['https://example.com/d', 'https://example.com/d'],
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
  await check(`${fault}: unclear, found, and there once`, async (account) => {
    const call = await prepared(account, { images: [jpeg] });
    await publishUnclearly(call, fault);
    await theOnlyPost(account, await reconcile(call));
  });

  await check(`${fault}: sent again without asking, and there once, unchanged`, async (account) => {
    const call = await prepared(account, { text: 'Twice https://example.com #tag', images: [jpeg] });
    await publishUnclearly(call, fault);
    const [before] = await server.posts(account);
    assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
    assert.deepEqual(await theOnlyPost(account, await publish(call)), before);
  });
}

await check('drop-before: unclear, absent, sent again, and there once', async (account) => {
  const call = await prepared(account);
  await publishUnclearly(call, 'drop-before');
  assert.deepEqual(await reconcile(call), { outcome: 'absent' });
  await theOnlyPost(account, await publish(call));
});

await check('six sendings at once make one post', async (account) => {
  const call = await prepared(account);
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => publish(call)));
  for (const outcome of outcomes) await theOnlyPost(account, outcome);
});

await check(
  'a look-up that is cut is asked again, and an upload that is cut is tried again',
  async (account) => {
    const call = await open(account, { images: [jpeg] });
    void proxy.arm(UPLOAD, 'drop-after');
    assert.equal((await bluesky.prepare(call)).outcome, 'retry');
    assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
    await publishUnclearly(call, 'drop-after');
    void proxy.arm(LOOK_UP, '503-after');
    assert.equal((await reconcile(call)).outcome, 'ask-again');
    await theOnlyPost(account, await reconcile(call));
  },
);

await check('another text under the same key overwrites nothing, and a person is asked', async (account) => {
  const call = await prepared(account, { text: 'Before' });
  await theOnlyPost(account, await publish(call));
  call.text = 'After';
  const outcome = await publish(call);
  assert.equal(outcome.outcome, 'uncertain');
  assert.match(outcome.detail ?? '', /InvalidSwap/);
  assert.equal((await reconcile(call)).outcome, 'cannot-tell');
  assert.deepEqual(
    (await server.posts(account)).map(({ value }) => value.text),
    ['Before'],
  );
});

await check('two deliveries of one text are two posts', async (account) => {
  for (let count = 0; count < 2; count++) {
    assert.equal((await publish(await prepared(account, { text: 'Same' }))).outcome, 'published');
  }
  assert.equal((await server.posts(account)).length, 2);
});

await check('an expired token is told as one, and nothing is out', async (account) => {
  const call = await prepared(account);
  call.credentials.accessToken = server.expiredTokenOf(account);
  const outcome = await publish(call);
  assert.deepEqual(kindOf(outcome), ['failed', 'auth_expired', 'user']);
  await assert.rejects(bluesky.identity(call), { name: 'PublisherError' });
  assert.deepEqual(await server.posts(account), []);
});

await check('a token of nobody is told as one', async (account) => {
  const call = await prepared(account);
  call.credentials.accessToken = 'nonsense';
  assert.deepEqual(kindOf(await publish(call)), ['failed', 'auth_expired', 'user']);
});

await check('an account that was taken down is told as one', async (account) => {
  const call = await prepared(account);
  await server.takeDown(account);
  assert.deepEqual(kindOf(await publish(call)), ['failed', 'rejected_account', 'user']);
});

await check('an image of 1,000,001 bytes is refused, one of 1,000,000 is not', async (account) => {
  const sized = (bytes: number) => Buffer.concat([jpeg, Buffer.alloc(bytes - jpeg.length)]);
  const large = await prepared(account, { images: [sized(1_000_001)] });
  assert.deepEqual(kindOf(await publish(large)), ['failed', 'rejected_content', 'user']);
  const allowed = await prepared(account, { images: [sized(1_000_000)] });
  await theOnlyPost(account, await publish(allowed));
});

await check(
  'a reference to an image that is not there is told, and the image goes up again',
  async (account) => {
    const call = await prepared(account, { images: [jpeg] });
    const other = await open(await server.createAccount('elsewhere'), { images: [jpeg] });
    Object.assign(other.witness, call.witness);
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
      `${what}, ${fault}: sent again without asking, and there once, as it was sent`,
      async (account) => {
        const call = await prepared(account, draft);
        await publishUnclearly(call, fault);
        const [before] = await server.posts(account);
        assert.deepEqual(before?.value, recordOf(call));
        assert.deepEqual(await bluesky.prepare(call), { outcome: 'ready' });
        assert.deepEqual(await theOnlyPost(account, await publish(call)), before);
        await theOnlyPost(account, await reconcile(call));
      },
    );
  }
}

await check('a video and a card are what the server knows by these names', async (account) => {
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
  'a video whose upload was cut goes up again, and is not renewed a minute later',
  async (account) => {
    const call = await open(account, { videos: [filmOf(4_900_000)] });
    let pieces = 0;
    const [video] = call.media;
    assert.ok(video);
    const read = video.bytes;
    video.bytes = (range) => {
      pieces += 1;
      return read(range);
    };
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
  'a video that is larger than this server takes is told as that, and nothing is out',
  async (account) => {
    for (const byteSize of [5 * 1024 * 1024 + 1, 8_000_000, 50_000_000]) {
      const direct = await open(account, { videos: [filmOf(byteSize)] });
      direct.http = createHttpClient({ baseUrl: server.url, timeoutMs: PATIENCE_MS });
      const outcome = await bluesky.prepare(direct);
      assert.deepEqual(kindOf(outcome), ['failed', 'rejected_content', 'user'], JSON.stringify(outcome));
      assert.match(JSON.stringify(outcome), /takes no files of \d+\.\d MB/);
    }
    assert.deepEqual(await server.posts(account), []);
  },
);

await check(
  'the server takes every language, card and label that our check lets through',
  async (account) => {
    const tags = [
      'en',
      'pt-BR',
      'zh-Hant-TW',
      'sl-rozaj-biske-1994',
      'de-CH-1996',
      'es-419',
      'en-x-solo',
      'EN-us',
      'cmn',
    ];
    const noTags = [
      '',
      'English language',
      'pt_BR',
      'e',
      'de-',
      '-de',
      'de--CH',
      'deutschland-de',
      'de ',
      'zh-yue-x',
    ];
    const urls = [
      'https://example.com',
      'HTTP://example.com/a',
      'https://münchen.example/ö?ü#ä',
      'http://[::1]:1/a',
      'https://a.example:8443/%20',
    ];
    const noUrls = [
      'example.com',
      'https://',
      'https:///a',
      'https://a b',
      'ftp://a.example',
      'javascript:alert(1)',
      'http://[::1',
    ];
    const labels = ['sexual', 'nudity', 'porn', 'graphic-media'];
    const drafts: [boolean, Settings][] = [
      ...tags.map((tag): [boolean, Settings] => [true, { languages: [tag] }]),
      ...noTags.map((tag): [boolean, Settings] => [false, { languages: [tag] }]),
      ...urls.map((url): [boolean, Settings] => [true, { linkCard: { ...card, url } }]),
      ...noUrls.map((url): [boolean, Settings] => [false, { linkCard: { ...card, url } }]),
      [true, { languages: ['en', 'de', 'fr'] }],
      [true, { contentLabels: labels }],
      [true, { linkCard: { ...card, title: 'ä'.repeat(300), description: '👍'.repeat(500) } }],
    ];
    let refused = 0;
    for (const [allowed, settings] of drafts) {
      const said = JSON.stringify(settings);
      const draft = { text: 'a', media: [], settings };
      assert.deepEqual(checkSettings(bluesky, settings), [], said);
      assert.equal(bluesky.check(draft).length === 0, allowed, said);
      const outcome = await publish(await prepared(account, { text: 'a', settings }));
      // Whether an address is one of the web, and a space within a tag, are more than the server asks.
      if (allowed) assert.equal(outcome.outcome, 'published', said);
      else if (outcome.outcome === 'failed') refused += 1;
      else process.stdout.write(`  taken by the server: ${said}\n`);
    }
    assert.ok(refused >= noTags.length, `${refused} were refused`);
  },
);

await check('the server refuses words of a video where our check does', async (account) => {
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
await check(`the server and our check agree on ${texts.length} texts about the limits`, async (account) => {
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

/** The bytes as the server gives them to everybody. */
async function blobOf({ did }: Account, { ref }: { ref: { $link: string } }): Promise<Buffer> {
  const query = new URLSearchParams({ did, cid: ref.$link });
  const response = await fetch(`${server.url}/xrpc/com.atproto.sync.getBlob?${query.toString()}`);
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

function kindOf(outcome: object): unknown[] {
  const { failure } = outcome as { failure?: { kind: string; actor: string } };
  return [(outcome as { outcome: string }).outcome, failure?.kind, failure?.actor];
}

// await checkProduct(server, proxy, check);

await proxy.close();
await server.close();
process.stdout.write(`\n${passed} passed, ${failed.length} failed\n`);
// What the server leaves open is its own affair.
process.exit(failed.length === 0 ? 0 : 1);
