import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agree, callback } from './consent.ts';
import { load } from './libraries.ts';
import { jpeg, mp4, type World } from './world.ts';

const scopes = ['read', 'write'];

/** masto */
export async function runMasto({ gateway, results, publicPosts }: World): Promise<void> {
  const { createRestAPIClient, createOAuthAPIClient } = await load('masto');
  const library = 'masto';
  const url = gateway.at('mastodon');
  const visitor = createRestAPIClient({ url });
  const oauth = createOAuthAPIClient({ url });
  let client = visitor;

  await results.run(library, 'reads the instance, version 2 and 1', async () => {
    const { configuration } = await visitor.v2.instance.fetch();
    assert.equal(configuration.statuses.maxCharacters, 500);
    assert.equal((await visitor.v1.instance.fetch()).configuration.statuses.maxCharacters, 500);
  });
  await results.run(library, 'connects: registers an app, consent, code, token', async () => {
    const app = await visitor.v1.apps.create({
      clientName: 'A client',
      redirectUris: callback,
      scopes: scopes.join(' '),
      website: 'https://client.example',
    });
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: app.clientId,
      redirect_uri: callback,
      scope: scopes.join(' '),
    });
    const back = await agree(`${url}/oauth/authorize?${query.toString()}`, 'marta');
    const grant = {
      grantType: 'authorization_code',
      clientId: app.clientId,
      clientSecret: app.clientSecret,
      redirectUri: callback,
      code: back.searchParams.get('code'),
      scope: scopes.join(' '),
    };
    const { accessToken } = await oauth.token.create(grant);
    client = createRestAPIClient({ url, accessToken });
    assert.equal((await client.v1.accounts.verifyCredentials()).username, 'marta');
  });
  let last = '';
  await results.run(library, 'posts a text, and a picture with words', async () => {
    const status = await client.v1.statuses.create({ status: 'Hello #world', visibility: 'unlisted' });
    assert.equal(status.application.name, 'A client');
    assert.deepEqual(
      status.tags.map((tag: { name: string }) => tag.name),
      ['world'],
    );
    const media = await client.v2.media.create({ file: new Blob([jpeg]), description: 'A cat' });
    last = (await client.v1.statuses.create({ status: 'Look', mediaIds: [media.id] })).id;
    assert.equal((await publicPosts('mastodon', 'marta')).length, 2);
  });
  await results.run(library, 'uploads a video and waits until it is ready', async () => {
    const media = await client.v2.media.create({ file: new Blob([mp4]) });
    assert.equal(media.type, 'video');
    assert.ok(media.url);
  });
  await results.run(library, 'lists', async () => {
    const { id } = await client.v1.accounts.verifyCredentials();
    const listed = await client.v1.accounts.$select(id).statuses.list({ limit: 5 });
    assert.deepEqual([listed.length, listed[0].id], [2, last]);
    const page = await fetch(listed[0].url);
    assert.ok((await page.text()).includes('Look'));
    assert.equal((await client.v1.statuses.$select(last).source.fetch()).text, 'Look');
  });
  await results.run(library, 'deletes', async () => {
    await client.v1.statuses.$select(last).remove();
    assert.equal((await publicPosts('mastodon', 'marta')).length, 1);
  });
}

/** megalodon */
export async function runMegalodon({ gateway, results, publicPosts }: World): Promise<void> {
  const library = 'megalodon';
  const module = await load('megalodon');
  const generator = module.default.default ?? module.default;
  const url = gateway.at('mastodon');
  const folder = await mkdtemp(join(tmpdir(), 'solospark-clients-'));
  const open = (token?: string) => generator('mastodon', url, token);
  let client = open();
  let app = {} as { clientId: string; clientSecret: string };
  let token = '';

  await results.run(library, 'reads the instance', async () => {
    const { data } = await client.getInstance();
    assert.equal(data.configuration.statuses.max_characters, 500);
  });
  await results.run(library, 'connects: registers an app, consent, code, token', async () => {
    const made = await client.registerApp('A client', { scopes, redirect_uris: callback });
    app = {
      clientId: made.clientId ?? made.client_id,
      clientSecret: made.clientSecret ?? made.client_secret,
    };
    const back = await agree(made.url, 'megan');
    const code = back.searchParams.get('code');
    const answer = await client.fetchAccessToken(app.clientId, app.clientSecret, code, callback);
    token = answer.accessToken ?? answer.access_token;
    client = open(token);
    assert.equal((await client.verifyAccountCredentials()).data.username, 'megan');
  });
  let last = '';
  await results.run(library, 'posts a text, and a picture with words', async () => {
    await client.postStatus('Hello', { visibility: 'private', spoiler_text: 'Careful' });
    const file = join(folder, 'photo.jpg');
    await writeFile(file, jpeg);
    const { data: media } = await client.uploadMedia(createReadStream(file), { description: 'A cat' });
    last = (await client.postStatus('Look', { media_ids: [media.id] })).data.id;
    assert.equal((await publicPosts('mastodon', 'megan')).length, 2);
  });
  await results.run(library, 'lists', async () => {
    const { id } = (await client.verifyAccountCredentials()).data;
    const { data } = await client.getAccountStatuses(id, { limit: 5 });
    assert.deepEqual([data.length, data[0].id], [2, last]);
    assert.equal((await client.getStatus(last)).data.media_attachments.length, 1);
  });
  await results.run(library, 'deletes', async () => {
    await client.deleteStatus(last);
    assert.equal((await publicPosts('mastodon', 'megan')).length, 1);
  });
  await results.run(library, 'revokes its token', async () => {
    await client.revokeToken(app.clientId, app.clientSecret, token);
    await assert.rejects(client.verifyAccountCredentials());
  });
  await rm(folder, { recursive: true, force: true });
}
