import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';

// Texts that a platform would refuse: the API refuses them first, and points at the character.

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.close());

const TEXT_ONLY = ['x', 'linkedin', 'bluesky', 'mastodon'];

async function schedule(post: object) {
  const { body } = await api.request('POST', '/posts', post);
  const answer = await api.request('PUT', `/posts/${body.id}/schedule`, {
    scheduledAt: secondsAhead(86_400),
  });
  return { status: answer.status, errors: answer.body.errors as object[] | undefined };
}

describe('a text with a character that is refused', () => {
  it('422 points at the character that X refuses, with its code point and its name', async () => {
    const at = { offset: 9, length: 1, character: { codePoint: 'U+FFFE', name: expect.any(String) } };
    const { status, errors } = await schedule({ text: 'Hello 👍 \ufffe', platforms: ['x', 'mastodon'] });
    expect(status).toBe(422);
    expect(errors).toEqual([
      {
        in: 'body',
        pointer: '/text',
        code: 'text_invalid_characters',
        detail: expect.stringContaining('U+FFFE'),
        at,
      },
    ]);
  });

  it('422 points into the channel text', async () => {
    const channel = api.channelOn('x');
    const channelTexts = { [channel]: '$AAPL and $MSFT' };
    expect((await schedule({ text: 'a', platforms: ['x'], channelTexts })).errors).toMatchObject([
      { pointer: `/channelTexts/${channel}`, code: 'too_many_cashtags', at: { offset: 10, length: 5 } },
    ]);
  });

  it.each([
    ['NUL', '👍a\0', 3, 'U+0000'],
    ['half a surrogate pair', '👍a\ud83d', 3, 'U+D83D'],
  ])('422 points at %s, in a text and in a setting', async (_, text, offset, codePoint) => {
    const at = { offset, character: { codePoint } };
    const mastodon = api.channelOn('mastodon');
    const told = async (path: string, method: 'POST' | 'PATCH', body: object) =>
      (await api.request(method, path, body)).body.errors as object[];
    expect(await told('/posts', 'POST', { text })).toMatchObject([{ pointer: '/text', at }]);
    const channelSettings = { [mastodon]: { spoilerText: text } };
    expect(
      await told('/posts', 'POST', { text: 'a', platforms: ['mastodon'], channelSettings }),
    ).toMatchObject([{ pointer: `/channelSettings/${mastodon}/spoilerText`, at }]);
  });
});

describe('a text without a visible character', () => {
  it.each([
    '',
    ' \n',
    '\u200b',
    '\u3164',
    '\u2800',
    '\ufe0f',
    '\u00ad',
    '\u115f',
    '\u{e0041}',
    '\u202e \u2800\u200d\t\ufe0f\u3164',
  ])('is refused with 422 on every platform, like an empty one: %j', async (text) => {
    const { status, errors = [] } = await schedule({ text, platforms: TEXT_ONLY });
    expect(status).toBe(422);
    expect(errors).toMatchObject(TEXT_ONLY.map(() => ({ pointer: '/text', code: 'text_missing' })));
  });
  it.each(['👨‍👩‍👧‍👦', 'می‌خواهم', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣'])('but %s is visible, and is taken with 200', async (text) => {
    expect(await schedule({ text, platforms: TEXT_ONLY })).toEqual({ status: 200, errors: undefined });
  });
});

it.each([
  ['Hindi of 249 graphemes', 'mastodon', 'हिन्दी '.repeat(83)],
  ['100 families', 'mastodon', '👨‍👩‍👧‍👦'.repeat(100)],
  ['2,520 letters, half of which are escaped', 'linkedin', '(x_y) '.repeat(420)],
  ['a link of 1,500 letters', 'bluesky', `Read https://example.com/${'a'.repeat(1_500)}`],
])('200 schedules %s on %s', async (_, platform, text) => {
  expect(await schedule({ text, platforms: [platform] })).toEqual({ status: 200, errors: undefined });
});
