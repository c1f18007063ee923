import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './harness.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const tweet = (json: object) =>
  sandbox.send('/x/2/tweets', { account: 'ann', json: { text: 'Hello', ...json } });
const options = ['Yes', 'No'];

describe('X: the fields of a post', () => {
  it.each([
    ['a poll', { poll: { options, duration_minutes: 5 } }],
    [
      'a poll of four for a week',
      { poll: { options: ['a', 'b', 'c', 'd'.repeat(25)], duration_minutes: 10_080 } },
    ],
    ['a place', { geo: { place_id: 'df51dec6f4ee2b2c' } }],
    ['the flags', { nullcast: true, for_super_followers_only: false, share_with_followers: false }],
    ['a community', { community_id: '1146654567674912769' }],
  ])('201 for %s', async (_, fields) => {
    expect((await tweet(fields)).status).toBe(201);
  });

  it('201 for a reply to and a quote of an existing post; the API and the oracle show both', async () => {
    const { id } = (await tweet({ text: 'First' })).json.data;
    const reply = {
      in_reply_to_tweet_id: id,
      exclude_reply_user_ids: ['1'],
      auto_populate_reply_metadata: true,
    };
    const answered = (await tweet({ text: 'Second', reply })).json.data;
    const quoting = (await tweet({ text: 'Third', quote_tweet_id: id })).json.data;
    for (const [made, type] of [
      [answered, 'replied_to'],
      [quoting, 'quoted'],
    ]) {
      const shown = await sandbox.send(`/x/2/tweets/${made.id}?tweet.fields=referenced_tweets`, {
        account: 'ann',
      });
      expect(shown.json.data.referenced_tweets).toEqual([{ type, id }]);
    }
    expect(await sandbox.publicPosts('x', 'ann')).toMatchObject([
      { settings: { quote_tweet_id: id } },
      { settings: { in_reply_to_tweet_id: id } },
      { settings: {} },
    ]);
  });

  it.each([
    ['a poll of one', { poll: { options: ['Yes'], duration_minutes: 60 } }],
    ['a poll of five', { poll: { options: [...'abcde'], duration_minutes: 60 } }],
    ['an empty option', { poll: { options: ['', 'No'], duration_minutes: 60 } }],
    ['an option of 26 letters', { poll: { options: ['a'.repeat(26), 'No'], duration_minutes: 60 } }],
    ['a poll of four minutes', { poll: { options, duration_minutes: 4 } }],
    ['a poll of more than a week', { poll: { options, duration_minutes: 10_081 } }],
    ['a poll without an end', { poll: { options } }],
    ['a poll and a quote', { poll: { options, duration_minutes: 60 }, quote_tweet_id: '1' }],
    ['a place as text', { geo: 'Paris' }],
    ['a place with coordinates', { geo: { place_id: 'a', coordinates: [1, 2] } }],
    ['a quote by its address', { quote_tweet_id: 'https://x.com/ann/status/1' }],
    ['a quote by a number', { quote_tweet_id: 1 }],
    ['a reply without the post', { reply: {} }],
    ['a reply by a number', { reply: { in_reply_to_tweet_id: 1 } }],
    [
      'a list of excluded users that is none',
      { reply: { in_reply_to_tweet_id: '1', exclude_reply_user_ids: '2' } },
    ],
    ['a flag as text', { nullcast: 'true' }],
    ['a community name instead of an id', { community_id: 'Friends' }],
  ])('400 for %s', async (_, fields) => {
    const refused = await tweet(fields);
    expect([refused.status, refused.json.title]).toEqual([400, 'Invalid Request']);
    expect(await sandbox.publicPosts('x', 'ann')).toEqual([]);
  });

  it.each([
    ['a reply', { reply: { in_reply_to_tweet_id: '1' } }],
    ['a quote', { quote_tweet_id: '1' }],
  ])('403 for %s of an unknown post', async (_, fields) => {
    expect((await tweet(fields)).status).toBe(403);
  });
});
