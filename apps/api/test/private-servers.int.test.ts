import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestApp, type TestApp } from '../../../test/support/app.ts';

// An author names the server of their account. A non-public address is a mistake of the author (422), not an outage of a
// server (502).

let app: TestApp;
let server: Server;
let port: number;
let calls = 0;

beforeAll(async () => {
  app = await startTestApp();
  server = createServer((_, response) => {
    calls += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  ({ port } = server.address() as AddressInfo);
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await app.close();
});

const hosts = [
  ...['127.0.0.1', '127.1', '0x7f.1', '2130706433', '127.0.0.1.', '0.0.0.0', 'localhost', '１２７.0.0.1'],
  ...['[::1]', '[::ffff:127.0.0.1]', '[::7f00:1]', '[2002:7f00:1::]', '[64:ff9b:1::7f00:1]', '[fec0::1]'],
  ...['10.0.0.1', '169.254.169.254', '192.0.2.1'],
];

describe('422 for a server at a non-public address, with a pointer to the field and without a call to it', () => {
  const refused = {
    code: 'invalid_connection',
    errors: [{ pointer: '/server', code: 'not_public', detail: 'must be a server on the public internet' }],
  };

  it.each(hosts)('POST /connections: %s', async (host) => {
    calls = 0;
    const body = { platform: 'mastodon', server: `${host}:${port}` };
    const answer = await app.request('POST', '/connections', body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject(refused);
    expect(calls).toBe(0);
  });

  it.each(['127.0.0.1', 'localhost', '[::7f00:1]'])('POST /connections/sign-in: %s', async (host) => {
    const body = {
      platform: 'bluesky',
      server: `${host}:${port}`,
      identifier: 'ada.example',
      password: 'pass',
    };
    const answer = await app.request('POST', '/connections/sign-in', body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject(refused);
    expect(calls).toBe(0);
  });

  it.each(['[fe80::1%25eth0]', 'a b', '1.2.3.4.5', '[::1'])('a malformed host: %s', async (host) => {
    const answer = await app.request('POST', '/connections', { platform: 'mastodon', server: host });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'invalid_connection', errors: [{ pointer: '/server' }] });
  });
});

it('502 for a public host name that does not resolve', async () => {
  const answer = await app.request('POST', '/connections', {
    platform: 'mastodon',
    server: 'nothing-is-here.invalid',
  });
  expect(answer.status).toBe(502);
  expect(answer.body).toMatchObject({ code: 'platform_unavailable' });
});
