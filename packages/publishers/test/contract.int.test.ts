import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHttpClient } from '../src/http.ts';
import { PublisherError, type Publisher } from '../src/publisher.ts';
import { publishers } from '../src/registry.ts';
import { draftOf, jpegDrafts } from './answers.ts';
import {
  openDelivery,
  openStage,
  type Delivery,
  type DeliveryDraft,
  type Fate,
  type Stage,
} from './harness.ts';
import { factsOf, type SuiteFacts } from './suite-facts.ts';

/**
 * The contract between publishers and the engine, tested over HTTP against the real sandbox process. The sandbox lists what is
 * really public; an outcome is right if it agrees with that list.
 */

interface Contestant {
  name: string;
  publisher: Publisher;
  account: string;
  facts: SuiteFacts;
}

/** Every publisher, and a second entry if another kind of account has another look-up. */
const contestants = publishers.flatMap((publisher): Contestant[] => {
  const facts = factsOf(publisher.id);
  const contestant = { name: publisher.id, publisher, account: 'ada', facts };
  if (publisher.id !== 'linkedin') return [contestant];
  const organization = { ...facts, lookUpStep: 'lookup' };
  return [
    contestant,
    { name: 'linkedin, an organization', publisher, account: 'org-ada', facts: organization },
  ];
});

const NASTY =
  'Ünïcode (brackets) [more] {braces} #hashtag @ me | a*b_c~d <b> & back\\slash\nhttps://example.com/a_b?c=d#e café';

let stage: Stage;
let opened: Delivery[] = [];
let serial = 0;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
beforeEach(async () => {
  opened = [];
  await stage.reset();
});

afterEach(() => {
  for (const { said, token, call } of opened) {
    const everything = said.join('\n');
    expect(everything).not.toContain(token);
    expect(everything).not.toContain(JSON.stringify(call.text).slice(1, -1));
  }
});

async function openFor(
  { publisher, account }: Contestant,
  over: Partial<DeliveryDraft> = {},
): Promise<Delivery> {
  const text = `Delivery ${++serial}: ${NASTY}`;
  const draft = { account, text, withImage: over.images === undefined, ...over };
  const delivery = await openDelivery(stage, publisher, draft);
  opened.push(delivery);
  return delivery;
}

describe.each(contestants)('$name', (contestant) => {
  const { publisher, account, facts } = contestant;
  const { quietStep, lookUpStep, shows: shown = (text: string) => text } = facts;
  /** The steps at which a platform may refuse. */
  const refusingSteps = quietStep === null ? ['publish'] : ['publish', quietStep];
  const { id } = publisher;
  const publicPosts = () => stage.posts(id, account);
  const open = (over?: Partial<DeliveryDraft>) => openFor(contestant, over);
  /** A delivery that is prepared and ready to be published. */
  async function openReady(over?: Partial<DeliveryDraft>): Promise<Delivery> {
    const delivery = await open(over);
    expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
    return delivery;
  }
  const arm = (step: string, fault: string, over: { after?: number; times?: number; ms?: number } = {}) =>
    stage.arm({ platform: id, step, fault, ...over });

  describe('identity', () => {
    const whose = (accessToken: string) =>
      publisher.identity({
        http: createHttpClient({ baseUrl: `${stage.origin}/${id}`, timeoutMs: 2_000 }),
        credentials: { accessToken },
      });

    it('returns the same account every time', async () => {
      const first = await whose(`sandbox-${account}`);
      expect(first.remoteAccountId).not.toBe('');
      expect(await whose(`sandbox-${account}`)).toEqual(first);
      expect((await whose('sandbox-bob')).remoteAccountId).not.toBe(first.remoteAccountId);
    });

    it.each([
      ['an unknown token', undefined, 'auth_expired'],
      ['an expired token', 'expired-token', 'auth_expired'],
      ['a dropped connection', 'drop-before-commit', 'unavailable'],
      ['a 5xx', '5xx-before-commit', 'unavailable'],
    ])('throws with the right kind of failure: %s', async (_, fault, kind) => {
      if (fault) await arm('identity', fault);
      const refused = whose(fault ? `sandbox-${account}` : 'somebody-else');
      await expect(refused).rejects.toBeInstanceOf(PublisherError);
      await expect(refused).rejects.toMatchObject({ failure: { kind } });
    });
  });

  describe('a delivery', () => {
    it('goes out once and complete, and its receipt names the public post', async () => {
      const delivery = await openReady({ altText: 'one pixel' });
      const outcome = await delivery.publish();
      const posts = await publicPosts();
      expect(posts).toHaveLength(1);
      expect(posts[0]).toMatchObject({ text: shown(delivery.call.text), mediaCount: 1 });
      expect(outcome).toEqual({
        outcome: 'published',
        receipt: { remoteId: posts[0]?.id, url: posts[0]?.url },
      });
    });

    it('goes out as text only, or is refused before it is scheduled', async () => {
      const text = `Text alone ${NASTY}`;
      if (publisher.limits.media.min > 0) {
        expect(publisher.check(draftOf({ text, media: [] }))).toMatchObject([{ code: 'media_missing' }]);
        return;
      }
      expect(publisher.check(draftOf({ text, media: [] }))).toEqual([]);
      const delivery = await openReady({ text, withImage: false });
      expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
      expect(await publicPosts()).toMatchObject([{ text: shown(text), mediaCount: 0 }]);
    });

    it.each([
      ['white space', ' \n\u00a0\u3000'],
      ['zero-width characters', '\u200b\u2060\ufeff'],
      ['fillers and blanks', '\u3164\u2800\u115f'],
      ['variation selectors, soft hyphens and direction marks', '\ufe0f\u00ad\u202e\u{e0041}'],
    ])('treats a text of only %s as empty', async (_, text) => {
      const missing = publisher.check(draftOf()).map(({ code }) => code);
      expect(missing).not.toEqual([]);
      expect(publisher.check(draftOf({ text })).map(({ code }) => code)).toEqual(missing);
      const media = (await openReady()).call.media;
      const withFile = publisher.check(draftOf({ text, media }));
      expect(withFile).toEqual(publisher.check(draftOf({ media })));
      if (withFile.length > 0) return;
      const delivery = await openReady({ text });
      expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
      expect(await publicPosts()).toMatchObject([{ text: '', mediaCount: 1 }]);
    });

    it('makes no public call in `prepare`, and exactly one in `publish`', async () => {
      const delivery = await openReady();
      expect(await publicPosts()).toEqual([]);
      const before = delivery.writes.length;
      await delivery.publish();
      expect(delivery.writes).toHaveLength(before + 1);
    });

    it('can be prepared again without a second upload', async () => {
      const delivery = await openReady({ altText: 'one pixel' });
      const before = delivery.writes.length;
      const evidence = { ...delivery.call.evidence };
      expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
      expect(delivery.writes).toHaveLength(before);
      expect(delivery.call.evidence).toEqual(evidence);
    });
  });

  const committed = ['commit-then-drop', 'commit-then-5xx', 'commit-then-hang', 'truncated-body'];
  const uncommitted = ['drop-before-commit', '5xx-before-commit', 'hang-before-commit'];

  describe.each(
    [...committed, ...uncommitted].filter(
      (fault) => !(fault === 'truncated-body' && facts.answersWithoutBody),
    ),
  )('after an unclear public call: %s', (fault) => {
    async function publishUnclearly(): Promise<Delivery> {
      const delivery = await openReady({ timeoutMs: 700 });
      const before = delivery.writes.length;
      await arm('publish', fault, { ms: 1_500 });
      expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
      expect(delivery.writes).toHaveLength(before + 1);
      return delivery;
    }

    it('the look-up finds the true outcome', async () => {
      const delivery = await publishUnclearly();
      const fate = await delivery.lookUp();
      const posts = await publicPosts();
      expect(posts).toHaveLength(committed.includes(fault) ? 1 : 0);
      if (lookUpStep === null && fault === 'truncated-body') {
        // The platform said that it took the post, and the look-up cannot say as what.
        expect(fate).toEqual({ outcome: 'published', receipt: { remoteId: null, url: null } });
      } else if (lookUpStep === null) {
        expect(fate).toEqual({ outcome: 'uncertain', reason: expect.stringMatching(/.{40}/) });
      } else if (committed.includes(fault)) {
        const receipt = { remoteId: posts[0]?.id, url: posts[0]?.url };
        expect(fate).toEqual({ outcome: 'published', receipt });
      } else {
        expect(fate).toEqual({ outcome: 'absent' });
      }
    });

    it('the delivery never makes a second post', async () => {
      const delivery = await open({ timeoutMs: 700 });
      await arm('publish', fault, { ms: 1_500 });
      const fate = await delivery.run();
      const posts = await publicPosts();
      if (lookUpStep === null) {
        expect(fate.outcome).toBe(fault === 'truncated-body' ? 'published' : 'uncertain');
        expect(posts).toHaveLength(committed.includes(fault) ? 1 : 0);
      } else {
        expect(fate).toMatchObject({ outcome: 'published', receipt: { remoteId: posts[0]?.id } });
        expect(posts).toHaveLength(1);
      }
    });
  });

  if (lookUpStep !== null) {
    describe('a look-up', () => {
      it('finds a post that is listed late', async () => {
        const delivery = await openReady();
        await arm('publish', 'delayed-visibility', { ms: 25_000 });
        await arm('publish', 'commit-then-drop');
        expect(await delivery.publish()).toMatchObject({ outcome: 'unclear' });
        let fate: Fate = await delivery.lookUp();
        if (facts.maySendTwice) {
          expect(fate).toEqual({ outcome: 'absent' });
          fate = await delivery.run();
        }
        const posts = await publicPosts();
        const [post] = posts;
        expect(posts).toHaveLength(1);
        expect(fate.outcome).toBe('published');
        // A platform with another proof may publish without a link.
        if (fate.outcome === 'published' && fate.receipt.url !== null) {
          expect(fate.receipt.remoteId).toBe(post?.id);
        }
      });

      it.each([
        'drop-before-commit',
        '5xx-before-commit',
        'rate-limited',
        'rate-limited-bare',
        'truncated-body',
      ])('asks again after a failed request: %s', async (fault) => {
        const delivery = await openReady();
        await arm('publish', 'commit-then-drop');
        await delivery.publish();
        // More failures than look-ups: a failed look-up must not count as "absent".
        await arm(lookUpStep, fault, { times: 6 });
        expect(await delivery.lookUp()).toMatchObject({ outcome: 'published' });
      });

      it('leads to a person if every request is refused', async () => {
        const delivery = await openReady();
        await arm('publish', 'commit-then-drop');
        await delivery.publish();
        await arm(lookUpStep, 'expired-token', { times: 50 });
        expect(await delivery.lookUp()).toMatchObject({ outcome: 'uncertain' });
      });

      it('does not count the post of another delivery as ours', async () => {
        const other = await openReady({ text: `Another text ${++serial}` });
        const delivery = await openReady();
        expect(await other.publish()).toMatchObject({ outcome: 'published' });
        await arm('publish', 'drop-before-commit');
        await delivery.publish();
        expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
      });
    });
  }

  describe('a refusal', () => {
    it.each(refusingSteps)('of an expired token at %s fails the delivery with auth_expired', async (step) => {
      const delivery = await open();
      await arm(step, 'expired-token');
      const fate = await delivery.run();
      expect(fate).toMatchObject({ outcome: 'failed', failure: { kind: 'auth_expired', actor: 'user' } });
      expect(await publicPosts()).toEqual([]);
    });

    it.each(refusingSteps)('that is permanent, at %s, fails the delivery', async (step) => {
      const delivery = await open();
      await arm(step, 'rejected');
      const fate = await delivery.run();
      expect(fate).toMatchObject({
        outcome: 'failed',
        failure: { kind: expect.stringMatching(/^rejected_/) },
      });
      expect(await publicPosts()).toEqual([]);
    });

    it.each(
      refusingSteps.flatMap((step) => [
        ['rate-limited', step] as const,
        ['rate-limited-bare', step] as const,
      ]),
    )(
      'by a rate limit (%s at %s) makes the delivery wait without an attempt, then it goes out once',
      async (fault, step) => {
        const delivery = await open();
        await arm(step, fault);
        const start = stage.now();
        let outcome: Awaited<
          ReturnType<typeof delivery.prepare | typeof delivery.publish | typeof delivery.lookUp>
        > = await delivery.prepare();
        if (outcome.outcome === 'ready') outcome = await delivery.publish();
        // A platform whose refusals need confirmation looks up first, then waits.
        if (outcome.outcome === 'unclear') {
          expect(await delivery.lookUp()).toEqual({ outcome: 'absent' });
          outcome = await delivery.prepare();
        }
        if (outcome.outcome === 'wait_until') {
          expect(outcome.until.getTime()).toBeGreaterThan(start.getTime());
          expect(outcome.failure.kind).toBe('rate_limited');
        } else {
          // The wait may be over before the look-up ends.
          expect(outcome.outcome).toBe('ready');
          expect(stage.now().getTime() - start.getTime()).toBeGreaterThanOrEqual(60_000);
        }
        expect(await delivery.run()).toMatchObject({ outcome: 'published' });
        expect(await publicPosts()).toHaveLength(1);
      },
    );
  });

  if (quietStep !== null) {
    describe('a step before the public call', () => {
      it.each([
        'drop-before-commit',
        '5xx-before-commit',
        'commit-then-drop',
        'commit-then-5xx',
        'truncated-body',
      ])('is retried after a failure, with nothing public: %s', async (fault) => {
        const delivery = await open();
        await arm(quietStep, fault);
        expect(await delivery.prepare()).toMatchObject({
          outcome: 'retry',
          failure: { kind: 'unavailable', actor: 'platform' },
        });
        expect(await publicPosts()).toEqual([]);
        expect(await delivery.run()).toMatchObject({ outcome: 'published' });
        expect(await publicPosts()).toHaveLength(1);
      });
    });
  }

  describe('several images', () => {
    const names = ['a', 'b', 'c'];
    const pictures = () => stage.pictures(id, account);
    const album = (shown: string[]) => shown.map((name) => `${name}: Picture ${name}`);
    const perImage = facts.callsPerImage;
    const calls = names.length * perImage + (facts.callsPerAlbum ?? 0);
    const openAlbum = (over: Partial<DeliveryDraft> = {}) => open({ images: names, ...over });
    const armSecondImage = (fault: string, after = perImage) => arm(quietStep ?? 'publish', fault, { after });

    it("go out up to the platform's maximum, in order, each with its alt text", async () => {
      const { max } = publisher.limits.media.image;
      const text = 'An album';
      expect(publisher.check(draftOf({ text, media: jpegDrafts(max) }))).toEqual([]);
      expect(publisher.check(draftOf({ text, media: jpegDrafts(max + 1) }))).toMatchObject([
        { field: 'media', code: 'too_many_media' },
      ]);
      const images = Array.from({ length: max }, (_, index) => `${index + 1}`);
      const delivery = await openReady({ text, images });
      expect(await publicPosts()).toEqual([]);
      expect(await delivery.publish()).toMatchObject({ outcome: 'published' });
      expect(await pictures()).toEqual(album(images));
    });

    it('can be prepared again without a second upload', async () => {
      const delivery = await openAlbum();
      for (let times = 0; times < 2; times++) {
        expect(await delivery.prepare()).toEqual({ outcome: 'ready' });
        expect(delivery.writes).toHaveLength(calls);
      }
    });

    if (perImage > 0) {
      it.each([
        'drop-before-commit',
        '5xx-before-commit',
        'commit-then-drop',
        'commit-then-5xx',
        'truncated-body',
      ])('are uploaded once each, except the second, whose answer got lost: %s', async (fault) => {
        const delivery = await openAlbum();
        await armSecondImage(fault);
        expect(await delivery.prepare()).toMatchObject({
          outcome: 'retry',
          failure: { kind: 'unavailable' },
        });
        expect(delivery.writes).toHaveLength(perImage + 1);
        expect(await delivery.run()).toMatchObject({ outcome: 'published' });
        // All calls, the public call, and the call that is repeated.
        expect(delivery.writes).toHaveLength(calls + 2);
        expect(await pictures()).toEqual(album(names));
      });

      it.each(['rate-limited', 'rate-limited-bare'])(
        'wait after a rate limit at the second, and go out complete: %s',
        async (fault) => {
          const delivery = await openAlbum();
          await armSecondImage(fault);
          expect(await delivery.prepare()).toMatchObject({
            outcome: 'wait_until',
            failure: { kind: 'rate_limited' },
          });
          expect(await delivery.run()).toMatchObject({ outcome: 'published' });
          expect(await pictures()).toEqual(album(names));
        },
      );

      it.each(['rejected', 'expired-token'])('do not go out if the second is refused: %s', async (fault) => {
        const delivery = await openAlbum();
        await armSecondImage(fault);
        expect(await delivery.run()).toMatchObject({ outcome: 'failed', failure: { actor: 'user' } });
        expect(await publicPosts()).toEqual([]);
      });

      if (facts.processesImages) {
        it('go out once if the second fails processing at first', async () => {
          const delivery = await openAlbum();
          await armSecondImage('processing-failed', 1);
          expect(await delivery.run()).toMatchObject({ outcome: 'published' });
          expect(await pictures()).toEqual(album(names));
          expect(delivery.writes.length).toBeGreaterThan(calls + 1);
        });
      }
    }

    it('are continued by another worker when one dies between any two calls', async () => {
      for (let made = 0; made < calls; made++) {
        await stage.reset();
        const gone = await openAlbum({ goneAfterWrites: made });
        await expect(gone.prepare()).rejects.toThrow('the worker is gone');
        const { text, evidence } = gone.call;
        const next = await openAlbum({ text, evidence });
        expect(await next.prepare()).toEqual({ outcome: 'ready' });
        const remembered = facts.remembersInPairs ? made - (made % 2) : made;
        expect(next.writes).toHaveLength(calls - remembered);
        expect(await next.publish()).toMatchObject({ outcome: 'published' });
        expect(await pictures()).toEqual(album(names));
      }
    });

    it.each(['commit-then-drop', 'commit-then-5xx', 'drop-before-commit', '5xx-before-commit'])(
      'are never in two posts: %s',
      async (fault) => {
        const delivery = await openAlbum();
        await arm('publish', fault);
        const fate = await delivery.run();
        if (lookUpStep === null) {
          expect(fate.outcome).toBe('uncertain');
          expect(await publicPosts()).toHaveLength(committed.includes(fault) ? 1 : 0);
          return;
        }
        const [post] = await publicPosts();
        expect(fate).toMatchObject({ outcome: 'published', receipt: { remoteId: post?.id } });
        expect(await pictures()).toEqual(album(names));
      },
    );
  });

  it('two deliveries with the same text each end in the true outcome', async () => {
    const text = `Twice: ${++serial}`;
    const first = await open({ text });
    expect(await first.run()).toMatchObject({ outcome: 'published' });
    const second = await open({ text });
    const fate = await second.run();
    const posts = await publicPosts();
    if (fate.outcome === 'published') {
      expect(posts).toHaveLength(2);
      expect(fate.receipt.remoteId).toBe(posts.find((post) => post.id === fate.receipt.remoteId)?.id);
    } else {
      expect(['failed', 'uncertain']).toContain(fate.outcome);
      expect(posts).toHaveLength(1);
    }
  });
});
