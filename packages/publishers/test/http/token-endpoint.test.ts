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

// Otherwise our API would answer 500 and log an internal error for every such answer of a server.
it.each([
  ['a body with a status that must not have one', jsonAnswer('205 Reset Content', token)],
  ['not modified', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  ['a redirect', jsonAnswer('302 Found', token, 'location: http://127.0.0.1:1/\r\n')],
  ['an unknown status', jsonAnswer('999 Odd', token)],
  ['an unknown token type', jsonAnswer('200 OK', { ...token, token_type: 'odd' })],
  ['a token that is not a string', jsonAnswer('200 OK', { ...token, access_token: { a: 1 } })],
  ['a list', jsonAnswer('200 OK', [token])],
  ['null', jsonAnswer('200 OK', null)],
  ['an invalid refusal', jsonAnswer('400 Bad Request', { error: { a: 1 } })],
  ['an invalid challenge', jsonAnswer('401 Unauthorized', {}, 'www-authenticate: ,,=, "\r\n')],
  ['a page', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>'],
  ['nothing', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
])('an odd answer of a token endpoint is never an internal error: %s', async (_, answer) => {
  const error: unknown = await exchange('mastodon', answer).catch((thrown: unknown) => thrown);
  expect([PublisherError, NoAnswerError].some((kind) => error instanceof kind)).toBe(true);
});

// The code can be used only once: if the token is rejected, the author has to connect again.
it.each<[string, string, object, object]>([
  ['no optional field', '200 OK', {}, {}],
  ['null for missing fields', '200 OK', { refresh_token: null, expires_in: null, scope: null }, {}],
  ['a list of scopes', '200 OK', { scope: ['read', 'write'] }, {}],
  ['201', '201 Created', {}, {}],
  ['no type', '200 OK', { token_type: null }, {}],
  ['an ID token that cannot be checked here', '200 OK', { id_token: 'a.b.c' }, {}],
  ['an expires_in as text', '200 OK', { expires_in: '3600' }, { expiresAt: '2026-11-22T11:00:00.000Z' }],
  ['an expires_in that is not a number', '200 OK', { expires_in: 'soon' }, {}],
  ['an expires_in of another type', '200 OK', { expires_in: true }, {}],
  ['white space around it', '200 OK', { access_token: ' token\n' }, {}],
  ['a type with white space', '200 OK', { token_type: 'Bearer ' }, {}],
  ['an empty type', '200 OK', { token_type: '' }, {}],
  ['a type that is not a string', '200 OK', { token_type: ['bearer'] }, {}],
  ['a refresh token that cannot be sent', '200 OK', { refresh_token: 'ne\nxt' }, {}],
  ['an expires_in of zero', '200 OK', { expires_in: 0 }, {}],
  [
    'an expires_in of 285 million years',
    '200 OK',
    { expires_in: 9e15 },
    { expiresAt: '2036-11-19T10:00:00.000Z' },
  ],
  [
    'an expiry for each token',
    '200 OK',
    { expires_in: 60, refresh_token_expires_in: 1e300, refresh_token: 'next' },
    {
      expiresAt: '2026-11-22T10:01:00.000Z',
      refreshToken: 'next',
      refreshExpiresAt: '2036-11-19T10:00:00.000Z',
    },
  ],
])('a token with %s is accepted', async (_, status, odd, known) => {
  const answer = jsonAnswer(status, { ...token, ...odd });
  expect(await exchange('linkedin', answer)).toEqual({ accessToken: 'token', ...known });
});

// Otherwise it would replace a token that works, and every call would fail before it is sent.
it.each(['to\nken', 'töken', 'to ken', 'to\u0000ken', ' ', 'a'.repeat(6_001)])(
  'a token that cannot be sent in a header is not accepted: %j',
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
])(
  'a refusal of the token endpoint is read: %s, %s, "%s" is %s',
  async (platform, error, error_description, kind) => {
    const answer = jsonAnswer('400 Bad Request', { error, error_description });
    const thrown: unknown = await exchange(platform, answer).catch((caught: unknown) => caught);
    expect(thrown).toMatchObject({ failure: { kind } });
  },
);
