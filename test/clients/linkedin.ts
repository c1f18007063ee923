import assert from 'node:assert/strict';
import { agree, callback } from './consent.ts';
import { load } from './libraries.ts';
import { jpeg, type World } from './world.ts';

const versionString = new Date().toISOString().slice(0, 7).replace('-', '');
const postOf = (author: string, commentary: string, content?: object) => ({
  author,
  commentary,
  visibility: 'PUBLIC',
  distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
  lifecycleState: 'PUBLISHED',
  ...(content && { content }),
});

/** linkedin-api-client */
export async function runLinkedin({ gateway, results, publicPosts }: World): Promise<void> {
  const { AuthClient, RestliClient } = await load('linkedin-api-client');
  const library = 'linkedin-api-client';
  const auth = new AuthClient({ clientId: 'app-1', clientSecret: 'app-1-secret', redirectUrl: callback });
  const client = new RestliClient();
  let accessToken = '';
  let author = '';

  await results.run(library, 'connects: consent, code, token', async () => {
    const scopes = ['openid', 'profile', 'email', 'w_member_social'];
    const back = await agree(gateway.here(auth.generateMemberAuthorizationUrl(scopes, 'a-state')), 'lin');
    assert.equal(back.searchParams.get('state'), 'a-state');
    const answer = await auth.exchangeAuthCodeForAccessToken(back.searchParams.get('code'));
    assert.deepEqual([answer.token_type, typeof answer.id_token], ['Bearer', 'string']);
    accessToken = answer.access_token;
    const { data } = await client.get({ resourcePath: '/userinfo', accessToken });
    assert.equal(data.email, 'lin@sandbox.example');
    author = `urn:li:person:${data.sub}`;
  });
  const create = (token: string, entity: object) =>
    client.create({ resourcePath: '/posts', entity, versionString, accessToken: token });
  const remove = (token: string, id: string) =>
    client.delete({ resourcePath: '/posts/{id}', pathKeys: { id }, versionString, accessToken: token });
  let made = '';
  await results.run(library, 'posts a text', async () => {
    const { createdEntityId } = await create(accessToken, postOf(author, 'Hello'));
    made = decodeURIComponent(createdEntityId);
    assert.match(made, /^urn:li:share:\d+$/);
  });
  await results.run(library, 'uploads a picture and posts it', async () => {
    const { data } = await client.action({
      resourcePath: '/images',
      actionName: 'initializeUpload',
      data: { initializeUploadRequest: { owner: author } },
      versionString,
      accessToken,
    });
    const { uploadUrl, image } = data.value;
    const headers = { authorization: `Bearer ${accessToken}` };
    assert.equal((await fetch(uploadUrl, { method: 'PUT', body: jpeg, headers })).status, 201);
    await create(accessToken, postOf(author, 'Look', { media: { id: image, altText: 'A cat' } }));
    assert.equal((await publicPosts('linkedin', 'lin')).length, 2);
  });
  await results.run(library, 'deletes with content type JSON and no body', async () => {
    await remove(accessToken, made);
    assert.equal((await publicPosts('linkedin', 'lin')).length, 1);
  });
  await results.run(library, 'lists posts of an organization', async () => {
    const token = 'sandbox-org-acme';
    const userinfo = await client.get({ resourcePath: '/userinfo', accessToken: token });
    const organization = userinfo.data.sub as string;
    await create(token, postOf(organization, 'From us all'));
    const { data } = await client.finder({
      resourcePath: '/posts',
      finderName: 'author',
      queryParams: { author: organization, count: 5 },
      versionString,
      accessToken: token,
    });
    assert.deepEqual(
      data.elements.map((post: { commentary: string }) => post.commentary),
      ['From us all'],
    );
    await remove(token, data.elements[0].id);
  });
  await results.run(library, 'gets an error for a list of a member’s posts', async () => {
    const listing = client.finder({
      resourcePath: '/posts',
      finderName: 'author',
      queryParams: { author },
      versionString,
      accessToken,
    });
    await assert.rejects(
      listing,
      (error: { response?: { status: number } }) => error.response?.status === 403,
    );
  });
}
