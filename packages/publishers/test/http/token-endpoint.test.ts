import { expect, it } from '@jest/globals';
import { createHttpClient, NoAnswerError } from '../../src/http.ts';
import { PublisherError } from '../../src/publisher.ts';
import { findPublisher } from '../../src/registry.ts';
import { NOW } from '../answers.ts';
import { serveRaw } from './raw-server.ts';

const jsonAnswer = (status: string, json: unknown, headers = '') => {
  const body = JSON.stringify(json);
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};
const token = { access_token: 'token', token_type: 'Bearer' };

async function exchange(platform: string, answer: string) {
  const server = await serveRaw((socket) => socket.write(answer));
  try {
    const { connection } = findPublisher(platform)!;
    if (connection.kind !== 'consent') throw new Error(`${platform} does not ask on a page`);
    return await connection.exchange({
      http: createHttpClient({ baseUrl: server.url, timeoutMs: 10_000 }),
      at: () => server.url,
      now: () => NOW,
      app: { clientId: 'app', clientSecret: 'secret' },
      redirectUri: 'https://here.example/connections/callback',
      state: 'state',
      codeVerifier: 'v'.repeat(43),
      code: 'code',
    });
  } finally {
    await server.close();
  }
}

// Otherwise it would be answered 500, as a mistake of ours, and logged as one, as often as its author likes.
it.each([
  ['a status that has no body, with one', jsonAnswer('205 Reset Content', token)],
  ['not modified', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  ['a redirect', jsonAnswer('302 Found', token, 'location: http://127.0.0.1:1/\r\n')],
  ['a status that nobody knows', jsonAnswer('999 Odd', token)],
  ['a kind of token that nobody knows', jsonAnswer('200 OK', { ...token, token_type: 'odd' })],
  ['a token that is no text', jsonAnswer('200 OK', { ...token, access_token: { a: 1 } })],
  ['a list', jsonAnswer('200 OK', [token])],
  ['null', jsonAnswer('200 OK', null)],
  ['a refusal that is odd', jsonAnswer('400 Bad Request', { error: { a: 1 } })],
  ['a challenge that is odd', jsonAnswer('401 Unauthorized', {}, 'www-authenticate: ,,=, "\r\n')],
  ['a page', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>'],
  ['nothing', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
])('what a token endpoint answers is never taken for a mistake of ours: %s', async (_, answer) => {
  const error: unknown = await exchange('mastodon', answer).catch((thrown: unknown) => thrown);
  expect([PublisherError, NoAnswerError].some((kind) => error instanceof kind)).toBe(true);
});

// The code that bought it is worth nothing any more: thrown away, the author has to connect again.
it.each<[string, string, object, object]>([
  ['nothing of what is optional', '200 OK', {}, {}],
  ['null for what is left out', '200 OK', { refresh_token: null, expires_in: null, scope: null }, {}],
  ['a list of scopes', '200 OK', { scope: ['read', 'write'] }, {}],
  ['201', '201 Created', {}, {}],
  ['no type', '200 OK', { token_type: null }, {}],
  ['an ID token that nobody here can check', '200 OK', { id_token: 'a.b.c' }, {}],
  ['a life in a text', '200 OK', { expires_in: '3600' }, { expiresAt: '2026-11-22T11:00:00.000Z' }],
  ['a life that is no number', '200 OK', { expires_in: 'soon' }, {}],
  ['a life that is no decimal number', '200 OK', { expires_in: true }, {}],
  ['white space around it', '200 OK', { access_token: ' token\n' }, {}],
  ['a type with white space', '200 OK', { token_type: 'Bearer ' }, {}],
  ['a type of nothing', '200 OK', { token_type: '' }, {}],
  ['a type that is no text', '200 OK', { token_type: ['bearer'] }, {}],
  ['another token that cannot be sent', '200 OK', { refresh_token: 'ne\nxt' }, {}],
  ['a life of no time', '200 OK', { expires_in: 0 }, {}],
  ['a life of 285 million years', '200 OK', { expires_in: 9e15 }, { expiresAt: '2036-11-19T10:00:00.000Z' }],
  [
    'lives of two kinds',
    '200 OK',
    { expires_in: 60, refresh_token_expires_in: 1e300, refresh_token: 'next' },
    {
      expiresAt: '2026-11-22T10:01:00.000Z',
      refreshToken: 'next',
      refreshExpiresAt: '2036-11-19T10:00:00.000Z',
    },
  ],
])('a token that comes with %s is used', async (_, status, odd, known) => {
  const answer = jsonAnswer(status, { ...token, ...odd });
  expect(await exchange('linkedin', answer)).toEqual({ accessToken: 'token', ...known });
});

// Kept, it would take the place of one that works, and every call would fail before it is sent.
it.each(['to\nken', 'töken', 'to ken', 'to\u0000ken', ' ', 'a'.repeat(6_001)])(
  'a token that no header can hold is none: %j',
  async (accessToken) => {
    const body = { ...token, access_token: accessToken, data: [] };
    for (const platform of ['linkedin', 'instagram']) {
      const thrown: unknown = await exchange(platform, jsonAnswer('200 OK', body)).catch(
        (error: unknown) => error,
      );
      expect(thrown).toMatchObject({ failure: { kind: 'unavailable', actor: 'platform' } });
    }
  },
);

it.each([
  [
    'linkedin',
    'invalid_request',
    'Unable to retrieve access token: authorization code not found',
    'auth_expired',
  ],
  [
    'linkedin',
    'invalid_redirect_uri',
    'appid or redirect uri does not match authorization code or authorization code expired',
    'auth_expired',
  ],
  [
    'linkedin',
    'invalid_request',
    'The provided authorization grant or refresh token is invalid, expired or revoked',
    'auth_expired',
  ],
  ['linkedin', 'invalid_request', 'A required parameter "client_id" is missing', 'misconfigured'],
  ['x', 'invalid_request', 'Value passed for the authorization code was invalid.', 'auth_expired'],
  ['x', 'invalid_request', 'Value passed for the token was invalid.', 'auth_expired'],
  ['x', 'invalid_request', 'Missing required parameter [client_id].', 'misconfigured'],
])('%s, %s, "%s" is %s', async (platform, error, error_description, kind) => {
  const answer = jsonAnswer('400 Bad Request', { error, error_description });
  const thrown: unknown = await exchange(platform, answer).catch((caught: unknown) => caught);
  expect(thrown).toMatchObject({ failure: { kind } });
});
