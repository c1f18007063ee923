import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { instagram } from '../../src/instagram/index.ts';
import type { Evidence } from '../../src/publisher.ts';
import {
  openDelivery,
  openStage,
  videoFile,
  type Delivery,
  type DeliveryDraft,
  type Stage,
} from '../harness.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(() => stage.reset());

const open = (text = 'A caption') =>
  openDelivery(stage, instagram, { account: 'ada', text, withImage: true });
const openWith = (images: string[], evidence: Evidence = {}) =>
  openDelivery(stage, instagram, { account: 'ada', text: 'An album', images, evidence });
const arm = (step: string, fault: string, over: { after?: number; times?: number; ms?: number } = {}) =>
  stage.arm({ platform: 'instagram', step, fault, ...over });
const posts = () => stage.posts('instagram', 'ada');
const pictures = () => stage.pictures('instagram', 'ada');
const containersOf = ({ writes }: Delivery) => writes.filter(({ path }) => path.endsWith('/media'));

describe('Instagram', () => {
  it('believes the container, not a refusal, for a post that went live', async () => {
    const delivery = await open();
    await arm('publish', 'commit-then-refused');
    const fate = await delivery.run();
    expect(await posts()).toHaveLength(1);
    expect(fate).toMatchObject({ outcome: 'published', receipt: { remoteId: (await posts())[0]?.id } });
  });

  it('does not conclude from 100/33 that a post is absent', async () => {
    const delivery = await open();
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    await arm('status', 'rejected', { times: 5 });
    expect(await delivery.lookUp()).toMatchObject({ outcome: 'published' });
  });

  it('reports a post as absent only after a minute, since a late publish call may still arrive', async () => {
    const delivery = await open();
    await delivery.prepare();
    await arm('publish', 'drop-before-commit');
    await delivery.publish();
    const start = stage.now().getTime();
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(59_000);
  });

  it('never publishes a container twice', async () => {
    const delivery = await open();
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    // "Absent" was wrong here, and the delivery starts again.
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    expect(await posts()).toHaveLength(1);
    const receipt = { remoteId: (await posts())[0]?.id, url: (await posts())[0]?.url };
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt });
  });

  it('publishes without a link if the permalink cannot be read', async () => {
    const delivery = await open();
    await delivery.prepare();
    await arm('lookup', 'drop-before-commit');
    const receipt = { remoteId: expect.stringMatching(/^\d+$/), url: null };
    expect(await delivery.publish()).toEqual({ outcome: 'published', receipt });
  });

  it('publishes without a link if two captions match', async () => {
    await (await open('Same')).run();
    const delivery = await open('Same');
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    const receipt = { remoteId: delivery.call.evidence['containerId'], url: null };
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt });
  });

  it('makes a new container when one failed or expired', async () => {
    const delivery = await open();
    await arm('container', 'processing-failed');
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(delivery.call.evidence['containerId']).toBeNull();
    await delivery.prepare();
    const { containerId } = delivery.call.evidence;
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(delivery.call.evidence['containerId']).not.toBe(containerId);
    expect(await posts()).toHaveLength(1);
  });
});

describe('Instagram: a carousel', () => {
  const album = ['a: Picture a', 'b: Picture b', 'c: Picture c'];

  it('has an item with its alt text for each image, and one caption', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const made = containersOf(delivery).map(({ json }) => json);
    expect(made).toEqual([
      ...['a', 'b', 'c'].map((name) => ({
        image_url: stage.imageUrl(name),
        alt_text: `Picture ${name}`,
        is_carousel_item: true,
      })),
      { media_type: 'CAROUSEL', children: expect.stringMatching(/^\d+,\d+,\d+$/), caption: 'An album' },
    ]);
    expect(await pictures()).toEqual(album);
  });

  it('waits for its items, without a worker if they take long', async () => {
    await stage.configure('instagram', { pollsUntilReady: 7 });
    const delivery = await openWith(['a', 'b']);
    const outcome = await delivery.prepare();
    expect(outcome).toMatchObject({ outcome: 'wait_until', failure: { kind: 'unavailable' } });
    expect(containersOf(delivery)).toHaveLength(2);
    await stage.configure('instagram', { pollsUntilReady: 1 });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(3);
  });

  it('makes only the failed items again', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'processing-failed', { after: 1 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(5);
    expect(await pictures()).toEqual(album);
  });

  it('finds all failed items at once', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'processing-failed', { times: 3 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(containersOf(delivery)).toHaveLength(7);
  });

  it('makes expired items again', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'drop-before-commit', { after: 3 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(8);
    expect(await pictures()).toEqual(album);
  });

  it('makes its items again if they are used up by a carousel whose answer got lost', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'commit-then-drop', { after: 3 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.prepare()).toMatchObject({
      outcome: 'retry',
      failure: { kind: 'unavailable', detail: expect.stringContaining('error_subcode 2207006') },
    });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(9);
    expect(await pictures()).toEqual(album);
  });

  it('is made again with all items if it failed or expired itself', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('container', 'processing-failed', { after: 3 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(delivery.call.evidence['containerId']).toBeNull();
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    await stage.skip(25 * 60 * 60_000);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(12);
    expect(await pictures()).toEqual(album);
  });

  it('is found by its container after a lost answer', async () => {
    const delivery = await openWith(['a', 'b', 'c']);
    await arm('publish', 'commit-then-refused');
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(await pictures()).toEqual(album);
  });

  it('waits for the daily limit of containers, and keeps the items it has', async () => {
    await stage.configure('instagram', { containersPerDay: 2 });
    const delivery = await openWith(['a', 'b', 'c']);
    expect(await delivery.prepare()).toMatchObject({
      outcome: 'wait_until',
      failure: { kind: 'rate_limited' },
    });
    await stage.configure('instagram', { containersPerDay: 400 });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(5);
  });
});

/** Every file of the only public post: its type, and its name or alt text. */
async function shown(): Promise<string[]> {
  const [post, ...others] = await posts();
  if (!post || others.length > 0) throw new Error('not exactly one post is public');
  const files = post.media.map(async ({ url, altText }) => {
    const response = await fetch(url);
    const name = /[a-z]+$/.exec(Buffer.from(await response.arrayBuffer()).toString('latin1'))?.[0];
    return `${response.headers.get('content-type')} ${name}: ${altText ?? 'no words'}`;
  });
  return Promise.all(files);
}
const openReel = (over: Partial<DeliveryDraft> = {}) =>
  openDelivery(stage, instagram, { account: 'ada', text: 'A reel', files: [videoFile('clip')], ...over });
const openStory = (over: Partial<DeliveryDraft> = {}) =>
  openDelivery(stage, instagram, { account: 'ada', text: '', settings: { kind: 'story' }, ...over });
const openMixed = (over: Partial<DeliveryDraft> = {}) =>
  openDelivery(stage, instagram, {
    account: 'ada',
    text: 'An album',
    images: ['a', 'b'],
    files: [videoFile('clip'), videoFile('other', { mimeType: 'video/quicktime' })],
    ...over,
  });

describe('Instagram: a reel', () => {
  it('is a single video with the chosen caption, cover and place', async () => {
    const settings = { shareReelToFeed: false, coverOffsetMs: 1_500 };
    const delivery = await openReel({ settings });
    const fate = await delivery.run();
    const [post] = await posts();
    expect(fate).toEqual({ outcome: 'published', receipt: { remoteId: post?.id, url: post?.url } });
    expect(containersOf(delivery).map(({ json }) => json)).toEqual([
      {
        media_type: 'REELS',
        video_url: stage.imageUrl('clip'),
        caption: 'A reel',
        share_to_feed: false,
        thumb_offset: 1_500,
      },
    ]);
    expect(await shown()).toEqual(['video/mp4 clip: no words']);
    expect(post).toMatchObject({
      text: 'A reel',
      settings: { media_type: 'REELS', share_to_feed: false, thumb_offset: 1_500 },
    });
  });

  it('is shown in the feed by default', async () => {
    await (await openReel()).run();
    expect(await posts()).toMatchObject([{ settings: { media_type: 'REELS', share_to_feed: true } }]);
  });

  it('that takes an hour is asked about less and less often, with one container and no attempt', async () => {
    await stage.configure('instagram', { videoProcessingMs: 60 * 60_000 });
    const delivery = await openReel();
    const start = stage.now().getTime();
    let waits = 0;
    let outcome = await delivery.prepare();
    while (outcome.outcome === 'wait_until' && waits < 200) {
      waits += 1;
      expect(outcome.failure).toMatchObject({ kind: 'unavailable', actor: 'platform' });
      await stage.skip(outcome.until.getTime() - stage.now().getTime());
      outcome = await delivery.prepare();
    }
    expect(outcome).toEqual({ outcome: 'ready' });
    expect(stage.now().getTime() - start).toBeGreaterThanOrEqual(60 * 60_000);
    expect(waits).toBeLessThan(90);
    expect(await stage.requests('instagram')).toMatchObject({ container: 1 });
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
    expect(await posts()).toHaveLength(1);
  });

  it('that is never ready is made again when Instagram reports it as expired', async () => {
    await stage.configure('instagram', { videoProcessingMs: 48 * 60 * 60_000 });
    const delivery = await openReel();
    expect(await delivery.prepare()).toMatchObject({ outcome: 'wait_until' });
    await stage.skip(23 * 60 * 60_000);
    expect(await delivery.prepare()).toMatchObject({ outcome: 'wait_until' });
    expect(containersOf(delivery)).toHaveLength(1);
    await stage.skip(60 * 60_000);
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    await stage.configure('instagram', { videoProcessingMs: 0 });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(2);
    expect(await posts()).toHaveLength(1);
  });

  it('is made again after failed processing, and goes out once', async () => {
    const delivery = await openReel();
    await arm('container', 'processing-failed');
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry', failure: { kind: 'unavailable' } });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(2);
    expect(await shown()).toEqual(['video/mp4 clip: no words']);
  });

  it('fails if the processing reports an unsupported video', async () => {
    await stage.configure('instagram', { failureSubcode: 2207026 });
    const delivery = await openReel();
    await arm('container', 'processing-failed');
    const failure = { kind: 'rejected_content', actor: 'user', reason: expect.stringContaining('a video') };
    expect(await delivery.run()).toMatchObject({ outcome: 'failed', failure });
    expect(await posts()).toEqual([]);
  });

  it('in a carousel fails the post at once when refused, even if another is in progress', async () => {
    await stage.configure('instagram', { failureSubcode: 2207026, videoProcessingMs: 60 * 60_000 });
    const gone = await openMixed({ images: [], goneAfterWrites: 1 });
    await arm('container', 'processing-failed');
    await expect(gone.prepare()).rejects.toThrow('the worker is gone');
    // The first is nearly processed when the second begins.
    await stage.skip(59 * 60_000);
    const next = await openMixed({ images: [], evidence: gone.call.evidence });
    expect(await next.run()).toMatchObject({ outcome: 'failed', failure: { kind: 'rejected_content' } });
    // Only the second's container; the refused one is not made again.
    expect(containersOf(next)).toHaveLength(1);
  });

  it('fails if Instagram does not take the file', async () => {
    const content = Buffer.from('no video at all');
    const delivery = await openReel({ files: [{ ...videoFile('clip'), content }] });
    const detail = expect.stringContaining('error_subcode 2207026');
    const failure = { kind: 'rejected_content', reason: expect.stringContaining('a video'), detail };
    expect(await delivery.run()).toMatchObject({ outcome: 'failed', failure });
  });

  it('is not confused with a picture that has the same caption', async () => {
    await (await open('Same')).run();
    const delivery = await openReel({ text: 'Same' });
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    const reel = (await posts()).find(({ url }) => url.includes('/reel/'));
    const receipt = { remoteId: reel?.id, url: reel?.url };
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt });
  });
});

describe('Instagram: a story', () => {
  it.each([
    ['an image', { images: ['a'] }, 'image_url', 'image/jpeg a: no words'],
    ['a video', { files: [videoFile('clip')] }, 'video_url', 'video/mp4 clip: no words'],
  ])('of %s has only its file', async (_name, files, parameter, expected) => {
    const delivery = await openStory(files);
    const fate = await delivery.run();
    const [post] = await posts();
    expect(fate).toEqual({ outcome: 'published', receipt: { remoteId: post?.id, url: post?.url } });
    const json = { media_type: 'STORIES', [parameter]: expect.stringMatching(/^http/) };
    expect(containersOf(delivery).map((request) => request.json)).toEqual([json]);
    expect(await shown()).toEqual([expected]);
    expect(post).toMatchObject({ text: '', settings: { media_type: 'STORIES' } });
  });

  it('whose answer got lost is published without a link, by its container', async () => {
    // Another post without a caption, which is listed.
    await (await open('')).run();
    const delivery = await openStory({ images: ['a'] });
    await delivery.prepare();
    await arm('publish', 'commit-then-drop');
    await delivery.publish();
    const receipt = { remoteId: delivery.call.evidence['containerId'], url: null };
    expect(await delivery.lookUp()).toEqual({ outcome: 'published', receipt });
    expect(await posts()).toHaveLength(2);
  });
});

describe('Instagram: a carousel of images and videos', () => {
  const album = [
    'image/jpeg a: Picture a',
    'image/jpeg b: Picture b',
    'video/mp4 clip: no words',
    'video/mp4 other: no words',
  ];

  it('has an item for each file, in order', async () => {
    const delivery = await openMixed();
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    const item = { is_carousel_item: true };
    expect(containersOf(delivery).map(({ json }) => json)).toEqual([
      { image_url: stage.imageUrl('a'), alt_text: 'Picture a', ...item },
      { image_url: stage.imageUrl('b'), alt_text: 'Picture b', ...item },
      { media_type: 'VIDEO', video_url: stage.imageUrl('clip'), ...item },
      { media_type: 'VIDEO', video_url: stage.imageUrl('other'), ...item },
      { media_type: 'CAROUSEL', children: expect.stringMatching(/^(\d+,){3}\d+$/), caption: 'An album' },
    ]);
    expect(await shown()).toEqual(album);
  });

  it('asks only about the first video while that is in progress', async () => {
    await stage.configure('instagram', { videoProcessingMs: 10 * 60_000 });
    const delivery = await openMixed();
    await delivery.prepare();
    await stage.skip(60_000);
    const before = (await stage.requests('instagram'))['status'] ?? 0;
    expect(await delivery.prepare()).toMatchObject({ outcome: 'wait_until' });
    expect((await stage.requests('instagram'))['status']).toBe(before + 1);
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(5);
    expect(await shown()).toEqual(album);
  });

  it('makes only the failed video again', async () => {
    const delivery = await openMixed();
    await arm('container', 'processing-failed', { after: 2 });
    expect(await delivery.prepare()).toMatchObject({ outcome: 'retry' });
    expect(await delivery.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(delivery)).toHaveLength(6);
    expect(await shown()).toEqual(album);
  });

  it('is continued by another worker when one dies between any two calls', async () => {
    for (let made = 0; made < 5; made++) {
      await stage.reset();
      const gone = await openMixed({ goneAfterWrites: made });
      await expect(gone.prepare()).rejects.toThrow('the worker is gone');
      const next = await openMixed({ evidence: gone.call.evidence });
      expect(await next.run()).toMatchObject({ outcome: 'published' });
      expect(containersOf(next)).toHaveLength(5 - made);
      expect(await shown()).toEqual(album);
    }
  });
});

describe.each([
  ['a reel', openReel],
  ['a story', () => openStory({ files: [videoFile('clip')] })],
  ['a carousel with videos', openMixed],
])('Instagram: %s goes out exactly once', (_name, openOne) => {
  it.each([
    'drop-before-commit',
    'commit-then-drop',
    'commit-then-5xx',
    '5xx-before-commit',
    'truncated-body',
  ])('after %s, at its container and at its publication', async (fault) => {
    for (const step of ['container', 'publish']) {
      await stage.reset();
      const delivery = await openOne();
      await arm(step, fault);
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      expect(await posts()).toHaveLength(1);
      expect(await stage.armed()).toEqual([]);
    }
  });

  it('after a worker died before the publication', async () => {
    const gone = await openOne();
    await gone.prepare();
    const next = await openOne();
    Object.assign(next.call.evidence, gone.call.evidence);
    expect(await next.run()).toMatchObject({ outcome: 'published' });
    expect(containersOf(next)).toEqual([]);
    expect(await posts()).toHaveLength(1);
  });
});

describe('Instagram: the quota', () => {
  const HALF_HOUR_MS = 30 * 60_000;

  it.each([50, 100])(
    'of %i posts, if used up, makes the next post wait without a container and without an attempt',
    async (quotaTotal) => {
      await stage.configure('instagram', { quotaTotal, pollsUntilReady: 0 });
      const userId = (await open()).call.account.remoteAccountId;
      await publishMany(userId, quotaTotal - 1);
      expect(await (await open('The last')).run()).toMatchObject({ outcome: 'published' });

      const delivery = await open('One too many');
      const outcome = await delivery.prepare();
      const detail = `${quotaTotal} of ${quotaTotal} posts used`;
      expect(outcome).toMatchObject({ outcome: 'wait_until', failure: { kind: 'rate_limited', detail } });
      if (outcome.outcome !== 'wait_until') return;
      expect(outcome.until.getTime() - stage.now().getTime()).toBeLessThanOrEqual(HALF_HOUR_MS);
      expect(delivery.writes).toEqual([]);
      expect(await delivery.run()).toMatchObject({ outcome: 'published' });
      expect(await posts()).toHaveLength(quotaTotal + 1);
    },
  );

  it('is read before a container is made, and not if there is one', async () => {
    await stage.configure('instagram', { pollsUntilReady: 7 });
    const delivery = await openWith(['a', 'b']);
    await delivery.prepare();
    expect(await stage.requests('instagram')).toMatchObject({ quota: 1 });
    await stage.configure('instagram', { pollsUntilReady: 0 });
    await delivery.prepare();
    await delivery.prepare();
    expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
    // Once for each attempt without a carousel container.
    expect(await stage.requests('instagram')).toMatchObject({ quota: 2 });
  });

  it.each(['drop-before-commit', '5xx-before-commit', 'rate-limited', 'rate-limited-bare', 'truncated-body'])(
    'that cannot be read does not stop the post: %s',
    async (fault) => {
      const delivery = await open();
      await arm('quota', fault);
      expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
      expect(await stage.armed()).toEqual([]);
    },
  );

  it('that could not be read, but is used up, makes the post wait at its publication', async () => {
    await stage.configure('instagram', { quotaTotal: 0 });
    const delivery = await open();
    await arm('quota', 'truncated-body');
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
    expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
    expect(await delivery.prepare()).toMatchObject({
      outcome: 'wait_until',
      failure: { kind: 'rate_limited' },
    });
    expect(await posts()).toEqual([]);
  });

  /** Publishes directly at the platform, as another app of the account would. */
  async function publishMany(userId: string, count: number): Promise<void> {
    const send = async (edge: string, body: object) => {
      const response = await fetch(`${stage.origin}/instagram/${userId}/${edge}`, {
        method: 'POST',
        headers: { authorization: 'Bearer sandbox-ada', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return ((await response.json()) as { id: string }).id;
    };
    const creation_id = await send('media', { image_url: stage.imageUrl('a') });
    for (let made = 0; made < count; made++) await send('media_publish', { creation_id });
  }
});

it('Instagram continues with a container of a version in which a post had one image', async () => {
  const earlier = await openWith(['a']);
  await earlier.prepare();
  const { containerId } = earlier.call.evidence;
  const evidence = { containerId, containerCreatedAt: stage.now().toISOString() };
  const delivery = await openWith(['a'], evidence);
  expect(await delivery.run()).toMatchObject({ outcome: 'published' });
  expect(delivery.writes).toHaveLength(1);
  expect(await pictures()).toEqual(['a: Picture a']);
});
