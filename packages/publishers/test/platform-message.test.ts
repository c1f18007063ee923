import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../test/chaos/random.ts';
import { told } from '../src/detail.ts';
import { answer } from './answers.ts';

const token = 'AQXdSP_W41_UPs5ioT_t8HESyODB4FqbkJ8LrV_5mff4gPODzOYR';
const secrets = { credentials: { accessToken: token, refreshToken: 'refresh-me-1' }, text: 'What I wrote' };
const messageOf = (body: unknown, status = 403) => told(secrets, answer(status, body)).platformMessage;

describe('the platform’s own words', () => {
  it.each<[string, unknown, string | undefined]>([
    [
      'X, detail',
      { title: 'Forbidden', detail: 'You are not permitted.', type: 'about:blank' },
      'You are not permitted.',
    ],
    [
      'X, errors[]',
      { errors: [{ code: 326, message: 'This account is temporarily locked.' }], title: 'Forbidden' },
      'This account is temporarily locked.',
    ],
    [
      'Meta, to its user rather than to the app',
      {
        error: {
          message: 'The image size is too large.',
          error_user_msg: 'Less than 8 MiB, please.',
          code: 36000,
        },
      },
      'Less than 8 MiB, please. · The image size is too large.',
    ],
    [
      'LinkedIn',
      { message: 'Not enough permissions to access: posts.CREATE', status: 403 },
      'Not enough permissions to access: posts.CREATE',
    ],
    [
      'Bluesky',
      { error: 'InvalidRequest', message: 'Could not find repo: did:plc:z72i7hdynmk6r22z27h6tvur' },
      'Could not find repo: did:plc:z72i7hdynmk6r22z27h6tvur',
    ],
    ['Mastodon', { error: 'Your login is currently disabled' }, 'Your login is currently disabled'],
    [
      'several sentences in a list',
      { errors: ['It is too long.', 'So it is.'] },
      'It is too long. · So it is.',
    ],
    ['a list under another name', { message: ['It is too long.', 5, null] }, 'It is too long.'],
    [
      'Instagram, of a code',
      { error_type: 'OAuthException', code: 400, error_message: 'Matching code was not found' },
      'Matching code was not found',
    ],
    ['a single word, if there is nothing else', { error: 'Forbidden' }, 'Forbidden'],
    ['other alphabets', { error: 'El texto está vacío — 文字を入力' }, 'El texto está vacío — 文字を入力'],
    ['the same said twice', { message: 'No way.', errors: [{ message: 'No way.' }] }, 'No way.'],
    ['a tag around words', { error: 'Too <b>long</b> &amp; old' }, 'Too long &amp; old'],
    ['a page in a field', { error: '<!DOCTYPE html><html><body>Bad gateway</body></html>' }, undefined],
    ['a page', '<html><title>Just a moment…</title></html>', undefined],
    ['nothing', undefined, undefined],
    ['no words', { error: '…', message: 5, detail: null }, undefined],
    [
      'control characters',
      { error: 'Line one\r\n\u0000line\u001b[31m two\u202e!' },
      'Line one line [31m two !',
    ],
    ['half a surrogate pair', { error: 'a \ud83d b' }, 'a \ufffd b'],
  ])('%s', (_, body, message) => {
    expect(messageOf(body)).toBe(message);
  });

  it.each([
    `Bad token ${token}.`,
    'Bad token refresh-me-1.',
    'See https://example.com/media/1.jpg?signature=abcdef0123456789&x=1 for more.',
    'Header: Bearer abcdef.ghijkl_mnop and more.',
    'Sent access_token=IGQVJabc123 to us.',
    'Sent "client_secret": "abcd-1234" to us.',
    'Session eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U ended.',
    'What I\n wrote',
    'At https://ada:abcdef1@example.com/x it ended.',
    'At postgres://ada:abcdef1@db/x it ended.',
    'Sent oauth_token=abcdef12&oauth_token_secret=abcdef34 to us.',
    'Sent X-Api-Key: abcdef12 to us.',
    'Sent Cookie: sid=abcdef12 to us.',
    'The app password abcd-1234-efgh-5678 is wrong.',
  ])('have no key and nothing from the request, nor does the detail: %s', (words) => {
    const { platformMessage, detail } = told(secrets, answer(403, { error: `Oh: ${words} Sorry.` }));
    for (const secret of [token, 'refresh-me', 'abcdef', 'IGQVJ', 'abcd-1234', 'eyJ']) {
      expect([platformMessage, detail].join()).not.toContain(secret);
    }
    expect(platformMessage).toContain('Sorry.');
  });

  it('leave no half surrogate pair in the detail, wherever it is cut', () => {
    for (let before = 0; before < 20; before += 1) {
      const { detail } = told(secrets, answer(400, { error: `${'y'.repeat(before)}${'👍'.repeat(300)}` }));
      expect(detail.isWellFormed()).toBe(true);
    }
  });

  it('are cut to 300 characters, also with wide ones', () => {
    const message = messageOf({ error: '👍 wide '.repeat(5_000) }) ?? '';
    expect(Array.from(message).length).toBeLessThanOrEqual(300);
    expect(message.endsWith('…')).toBe(true);
    expect(message.isWellFormed()).toBe(true);
  });

  it('are one short line of plain text for any body, found in bounded time', () => {
    const random = createRandom(11);
    const pieces = [
      '<',
      '<script>',
      'a',
      ' ',
      '\n',
      '\u0000',
      '\u202e',
      '\ud83d',
      '👍',
      'token=',
      token,
      '"',
      '…',
      '<b',
      '>',
    ];
    const oddText = () => Array.from({ length: random.int(0, 400) }, () => random.pick(pieces)).join('');
    const oddJson = (depth: number): unknown =>
      random.pick<() => unknown>([
        oddText,
        () => random.int(-5, 5),
        () => null,
        () => (depth > 2 ? [] : Array.from({ length: random.int(0, 4) }, () => oddJson(depth + 1))),
        () =>
          Object.fromEntries(
            ['message', 'error', 'detail', 'title', 'input', 'x'].map((name) => [
              name,
              depth > 2 ? oddText() : oddJson(depth + 1),
            ]),
          ),
      ])();
    const started = Date.now();
    for (let round = 0; round < 300; round += 1) {
      const message = messageOf({ error: oddJson(0), message: oddText() }) ?? '';
      expect(Array.from(message).length).toBeLessThanOrEqual(300);
      expect(message).not.toContain(token);
      expect(message).not.toMatch(/[\p{Cc}\u202e]|<script/u);
      expect(message.isWellFormed()).toBe(true);
    }
    messageOf({ error: '<'.repeat(1_000_000), message: 'a'.repeat(1_000_000) });
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it.each(['x-', '://', 'token', 'abcd-', 'secret=', 'a.', '</a '])(
    'and the detail take bounded time for a long run of %s',
    (part) => {
      const started = Date.now();
      told(secrets, answer(400, { error: part.repeat(200_000) }));
      told(secrets, answer(400, { errors: Array.from({ length: 200 }, () => part.repeat(5_000)) }));
      expect(Date.now() - started).toBeLessThan(5_000);
    },
  );

  it.each([1_000, 200_000])('are empty for a body of %d nested objects', (depth) => {
    const json: unknown = JSON.parse(`${'{"error":'.repeat(depth)}"deep"${'}'.repeat(depth)}`);
    expect(told(secrets, { ...answer(400), json })).toEqual({ detail: 'HTTP 400 ' });
  });
});
