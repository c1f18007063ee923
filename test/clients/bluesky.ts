import assert from 'node:assert/strict';
import { load } from './libraries.ts';
import { jpeg, mp4, type World } from './world.ts';

/** @atproto/api, which itself validates every answer by the lexicon of its call. */
export async function runBluesky({ gateway, results, publicPosts }: World): Promise<void> {
  const { AtpAgent, RichText } = await load('@atproto/api');
  const library = '@atproto/api';
  const agent = new AtpAgent({ service: gateway.at('bluesky') });
  const collection = 'app.bsky.feed.post';
  const at = (uri: string) => ({ repo: agent.session.did, collection, rkey: uri.split('/').at(-1) });

  await results.run(library, 'signs in, and resumes the session', async () => {
    await agent.login({ identifier: 'bea.test', password: 'sandbox-bea' });
    await agent.resumeSession(agent.session);
    const { data } = await agent.com.atproto.server.getSession();
    assert.equal(data.handle, 'bea.test');
    await assert.rejects(
      new AtpAgent({ service: gateway.at('bluesky') }).login({ identifier: 'bea.test', password: 'wrong' }),
      { status: 401, error: 'AuthenticationRequired' },
    );
  });
  let first = { uri: '', cid: '' };
  await results.run(library, 'posts a text with a link, a tag and a mention', async () => {
    const rich = new RichText({ text: 'Hello #world https://example.com @bea.test' });
    await rich.detectFacets(agent);
    assert.equal(rich.facets.length, 3);
    first = await agent.post({ text: rich.text, facets: rich.facets, langs: ['en'] });
  });
  await results.run(library, 'posts a picture and a video', async () => {
    const { blob: image } = (await agent.uploadBlob(jpeg, { encoding: 'image/jpeg' })).data;
    await agent.post({
      text: 'Look',
      embed: { $type: 'app.bsky.embed.images', images: [{ image, alt: 'A cat' }] },
    });
    const { blob: video } = (await agent.uploadBlob(mp4, { encoding: 'video/mp4' })).data;
    await agent.post({ text: 'Watch', embed: { $type: 'app.bsky.embed.video', video } });
  });
  await results.run(library, 'posts a reply, a quote and a card', async () => {
    await agent.post({ text: 'A reply', reply: { root: first, parent: first } });
    await agent.post({ text: 'A quote', embed: { $type: 'app.bsky.embed.record', record: first } });
    const external = { uri: 'https://example.com', title: 'Example', description: '' };
    await agent.post({ text: 'A card', embed: { $type: 'app.bsky.embed.external', external } });
    assert.equal((await publicPosts('bluesky', 'bea')).length, 6);
  });
  await results.run(library, 'is refused a reply without its root', async () => {
    await assert.rejects(agent.post({ text: 'A reply', reply: { parent: first } }), {
      status: 400,
      error: 'InvalidRequest',
    });
  });
  await results.run(library, 'puts a record twice under one key, and the record exists once', async () => {
    const rkey = '3k22222222222';
    const record = { $type: collection, text: 'Once', createdAt: new Date().toISOString() };
    const put = () =>
      agent.com.atproto.repo.putRecord({
        repo: agent.session.did,
        collection,
        rkey,
        record,
        swapRecord: null,
      });
    const [one, other] = [(await put()).data, (await put()).data];
    assert.deepEqual([one.cid, Boolean(one.commit), Boolean(other.commit)], [other.cid, true, false]);
  });
  await results.run(library, 'lists', async () => {
    const { data } = await agent.com.atproto.repo.listRecords({ repo: 'bea.test', collection, limit: 5 });
    assert.equal(data.records.length, 5);
    const { value } = (await agent.com.atproto.repo.getRecord(at(first.uri))).data;
    assert.equal(value.text, 'Hello #world https://example.com @bea.test');
  });
  await results.run(library, 'deletes', async () => {
    await agent.deletePost(first.uri);
    await assert.rejects(agent.com.atproto.repo.getRecord(at(first.uri)), { error: 'RecordNotFound' });
  });
}
