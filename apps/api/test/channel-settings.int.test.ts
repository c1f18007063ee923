import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';

// The settings of a post for one channel: validated by the platform's schema, stored with the post, and sent to the platform.

let api: TestApp;
let mastodon: string;
beforeAll(async () => {
  api = await startTestApp();
  mastodon = api.channelOn('mastodon');
});
afterAll(() => api.close());

const settingsFor = (settings: unknown) => ({ channelSettings: { [mastodon]: settings } });
const write = (over: object = {}) =>
  api.request('POST', '/posts', { text: 'Hello', platforms: ['mastodon', 'x'], ...over });
const settingsOf = (post: { deliveries: { channelId: string; settings: unknown }[] }) =>
  Object.fromEntries(post.deliveries.map(({ channelId, settings }) => [channelId, settings]));

describe('channelSettings', () => {
  it('are kept for the channel that they name, and for no other', async () => {
    const post = (await write(settingsFor({ visibility: 'unlisted' }))).body;
    expect(settingsOf(post)).toEqual({ [mastodon]: { visibility: 'unlisted' }, [api.channelOn('x')]: {} });
    expect(settingsOf((await api.request('GET', `/posts/${post.id}`)).body)).toEqual(settingsOf(post));
  });

  it.each([
    ['a value that is none', { visibility: 'secret' }, '/visibility', 'enum', 'public, unlisted, private'],
    ['a wrong type', { sensitive: 'yes' }, '/sensitive', 'type', 'boolean'],
    [
      'a setting of another platform',
      { replySettings: 'following' },
      '/replySettings',
      'unknown_setting',
      'visibility',
    ],
    [
      'text that could not be kept',
      { spoilerText: 'half a \ud83d pair' },
      '/spoilerText',
      'characters',
      'Unicode',
    ],
  ])('422 refuses %s already in a draft, by pointer', async (_what, settings, pointer, code, words) => {
    const answer = await write(settingsFor(settings));
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid_post']);
    expect(answer.body.detail).toMatch(/[^.]\.$/);
    expect(answer.body.errors).toEqual([
      expect.objectContaining({
        pointer: `/channelSettings/${mastodon}${pointer}`,
        code,
        detail: expect.stringContaining(words),
      }),
    ]);
  });
  it('422 refuses them for a channel that the post does not go to', async () => {
    const answer = await write({ ...settingsFor({}), platforms: ['x'] });
    expect(answer.body.errors).toMatchObject([
      { pointer: `/channelSettings/${mastodon}`, code: 'unknown_channel' },
    ]);
  });
  it('400 refuses settings that are not an object', async () => {
    const answer = await write(settingsFor('public'));
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  });

  it('are counted by the platform’s text limits when the post is scheduled', async () => {
    const spoilerText = 'a'.repeat(400);
    const post = (
      await write({ ...settingsFor({ spoilerText }), channelTexts: { [mastodon]: 'b'.repeat(101) } })
    ).body;
    const call = { scheduledAt: secondsAhead(3_600) };
    const answer = await api.request('PUT', `/posts/${post.id}/schedule`, call);
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid_post']);
    expect(answer.body.errors).toMatchObject([{ code: 'text_too_long' }]);
  });

  it('stay when an edit leaves them out, and are all replaced when it names them', async () => {
    const { id } = (await write(settingsFor({ visibility: 'private', sensitive: true }))).body;
    const edit = async (body: object) =>
      settingsOf((await api.request('PATCH', `/posts/${id}`, body)).body)[mastodon];
    expect(await edit({ text: 'Hello again' })).toEqual({ visibility: 'private', sensitive: true });
    expect(await edit(settingsFor({ visibility: 'unlisted' }))).toEqual({ visibility: 'unlisted' });
    expect(await edit({ channelSettings: {} })).toEqual({});
  });
  it('with the same values in another order are no change, and make no new revision', async () => {
    const post = (await write(settingsFor({ visibility: 'private', sensitive: true }))).body;
    const same = await api.request(
      'PATCH',
      `/posts/${post.id}`,
      settingsFor({ sensitive: true, visibility: 'private' }),
    );
    expect(same.body.revision).toBe(post.revision);
    const other = await api.request('PATCH', `/posts/${post.id}`, settingsFor({ visibility: 'private' }));
    expect(other.body.revision).toBe(post.revision + 1);
  });

  it('are sent to the platform', async () => {
    const worker = await api.startWorker();
    const { id } = (
      await write({ ...settingsFor({ visibility: 'unlisted', spoilerText: 'Cake' }), text: 'A lie' })
    ).body;
    expect((await api.request('POST', `/posts/${id}/publish`)).status).toBe(202);
    await eventually(
      async () => (await api.request('GET', `/posts/${id}`)).body.status,
      (status) => status === 'published',
      'it is published',
    );
    await worker.stop({ timeoutMs: 10_000 });
    const shown = (await api.publicPosts('mastodon')).filter(({ text }) => text === 'A lie');
    expect(shown).toEqual([
      expect.objectContaining({
        settings: expect.objectContaining({ visibility: 'unlisted', spoilerText: 'Cake' }),
      }),
    ]);
  });
});

describe('GET /platforms', () => {
  it('lists the settings of each platform with their defaults, and its limits', async () => {
    const { data } = (await api.request('GET', '/platforms')).body;
    for (const platform of data) {
      expect(platform.settings).toMatchObject({ type: 'object', additionalProperties: false });
      expect(platform.limits.media.image.max).toBeGreaterThan(0);
    }
    const { settings } = data.find(({ id }: { id: string }) => id === 'mastodon');
    expect(settings.properties.visibility).toMatchObject({
      default: 'account',
      enum: ['account', 'public', 'unlisted', 'private'],
      title: expect.any(String),
    });
  });
});
