import assert from 'node:assert/strict';
import { agree, callback } from './consent.ts';
import { load } from './libraries.ts';
import { gif, mp4, type World } from './world.ts';

/** twitter-api-v2 */
export async function runX({ gateway, results, publicPosts }: World): Promise<void> {
  const { TwitterApi } = await load('twitter-api-v2');
  const library = 'twitter-api-v2';
  const app = new TwitterApi({ clientId: 'app-1', clientSecret: 'app-1-secret' });
  const scope = ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'];
  let { client, refreshToken } = {} as { client: InstanceType<typeof TwitterApi>; refreshToken: string };

  await results.run(library, 'connects: consent with PKCE, code, tokens', async () => {
    const { url, codeVerifier, state } = app.generateOAuth2AuthLink(callback, { scope });
    const back = await agree(gateway.here(url), 'xavier');
    assert.equal(back.searchParams.get('state'), state);
    const code = back.searchParams.get('code');
    ({ client, refreshToken } = await app.loginWithOAuth2({ code, codeVerifier, redirectUri: callback }));
    const { data } = await client.v2.me();
    assert.equal(data.username, 'xavier');
  });
  const { data: me } = await client.v2.me();
  let first = '';
  await results.run(library, 'posts a text', async () => {
    first = (await client.v2.tweet('Hello <X> & all')).data.id;
  });
  await results.run(library, 'posts a reply, a quote and a poll', async () => {
    await client.v2.reply('A reply', first);
    await client.v2.quote('A quote', first);
    await client.v2.tweet('A poll', { poll: { options: ['Yes', 'No'], duration_minutes: 60 } });
    assert.equal((await publicPosts('x', 'xavier')).length, 4);
  });
  await results.run(library, 'is refused a poll with one option, and a quote of a missing post', async () => {
    const poll = { options: ['Yes'], duration_minutes: 60 };
    await assert.rejects(client.v2.tweet('A poll', { poll }), { code: 400 });
    await assert.rejects(client.v2.quote('A quote', '1'), { code: 403 });
  });
  await results.run(
    library,
    'uploads a GIF and a video in chunks, sets an alt text, and posts them',
    async () => {
      const moving = await client.v2.uploadMedia(gif, { media_type: 'image/gif' });
      await client.v2.createMediaMetadata(moving, { alt_text: { text: 'Something moves' } });
      await client.v2.tweet('Look', { media: { media_ids: [moving] } });
      const film = await client.v2.uploadMedia(mp4, { media_type: 'video/mp4' });
      await client.v2.tweet('Watch', { media: { media_ids: [film] } });
    },
  );
  await results.run(library, 'gets the reason why processing of a file failed', async () => {
    const junk = Buffer.from('this is no film');
    await assert.rejects(
      client.v2.uploadMedia(junk, { media_type: 'video/mp4' }),
      /Unsupported video format/,
    );
  });
  await results.run(library, 'lists', async () => {
    const timeline = await client.v2.userTimeline(me.id, {
      max_results: 5,
      'tweet.fields': ['created_at', 'referenced_tweets', 'entities', 'author_id'],
    });
    assert.equal(timeline.data.data.length, 5);
    const { data } = await client.v2.singleTweet(first);
    assert.equal(data.text, 'Hello &lt;X&gt; &amp; all');
  });
  await results.run(library, 'deletes', async () => {
    assert.equal((await client.v2.deleteTweet(first)).data.deleted, true);
    const ids = (await publicPosts('x', 'xavier')).map(({ id }) => id);
    assert.ok(!ids.includes(first));
  });
  await results.run(library, 'renews and revokes a token', async () => {
    // Using a refresh token twice revokes all tokens of the consent, so this is the last step.
    const renewed = await app.refreshOAuth2Token(refreshToken);
    assert.equal((await renewed.client.v2.me()).data.id, me.id);
    await app.revokeOAuth2Token(renewed.refreshToken, 'refresh_token');
    await assert.rejects(app.refreshOAuth2Token(renewed.refreshToken));
  });
}
