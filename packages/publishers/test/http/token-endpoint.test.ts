import { expect, it } from '@jest/globals';
import { createHttpClient, NoAnswerError } from '../../src/http.ts';
import { PublisherError } from '../../src/publisher.ts';
import { findPublisher } from '../../src/registry.ts';
import { serveRaw } from './raw-server.ts';

const jsonAnswer = (status: string, json: unknown, headers = '') => {
  const body = JSON.stringify(json);
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
};
const token = { access_token: 'token', token_type: 'Bearer' };

// Otherwise it would be answered 500, as a mistake of ours, and logged as one, as often as its author likes.
it.each([
  ['a status that has no body, with one', jsonAnswer('205 Reset Content', token)],
  ['not modified', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  ['a redirect', jsonAnswer('302 Found', token, 'location: http://127.0.0.1:1/\r\n')],
  ['a status that nobody knows', jsonAnswer('999 Odd', token)],
  ['a kind of token that nobody knows', jsonAnswer('200 OK', { ...token, token_type: 'odd' })],
  ['a token that is no text', jsonAnswer('200 OK', { ...token, access_token: { a: 1 } })],
  ['a life that is no number', jsonAnswer('200 OK', { ...token, expires_in: 'soon' })],
  ['a list', jsonAnswer('200 OK', [token])],
  ['null', jsonAnswer('200 OK', null)],
  ['a refusal that is odd', jsonAnswer('400 Bad Request', { error: { a: 1 } })],
  ['a challenge that is odd', jsonAnswer('401 Unauthorized', {}, 'www-authenticate: ,,=, "\r\n')],
  ['a page', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>'],
  ['nothing', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
])('what a token endpoint answers is never taken for a mistake of ours: %s', async (_, answer) => {
  const server = await serveRaw((socket) => socket.write(answer));
  try {
    const { connection } = findPublisher('mastodon')!;
    if (connection.kind !== 'consent') throw new Error('mastodon asks on a page');
    const error: unknown = await connection
      .exchange({
        http: createHttpClient({ baseUrl: server.url, timeoutMs: 10_000 }),
        at: () => server.url,
        now: () => new Date(),
        app: { clientId: 'app', clientSecret: 'secret' },
        redirectUri: 'https://here.example/connections/callback',
        state: 'state',
        codeVerifier: 'v'.repeat(43),
        code: 'code',
      })
      .catch((thrown: unknown) => thrown);
    expect([PublisherError, NoAnswerError].some((kind) => error instanceof kind)).toBe(true);
  } finally {
    await server.close();
  }
});
