import { describe, expect, it } from '@jest/globals';
import { createHttpClient, NoAnswerError } from '../src/http.ts';
import { isPublicAddress } from '../src/public-hosts.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

describe('an address', () => {
  it.each(['1.1.1.1', '93.184.216.34', '2606:4700::1111', '172.15.0.1', '172.32.0.1', '100.128.0.1'])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '0.0.0.0'],
    ...[
      '100.64.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      'fc00::1',
      'fd12::1',
      'fe80::1',
      'ff02::1',
    ],
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::7f00:1', 'not an address'],
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('a client for public hosts', () => {
  it.each(['http://127.0.0.1', 'http://[::1]', 'http://localhost', 'http://2130706433'])(
    'does not speak to %s',
    async (host) => {
      let calls = 0;
      const server = createServer((_, response) => {
        calls += 1;
        response.end('{}');
      });
      await new Promise<void>((resolve) => server.listen(0, '::', resolve));
      const { port } = server.address() as AddressInfo;
      const ask = (publicOnly: boolean) =>
        createHttpClient({ baseUrl: `${host}:${port}`, timeoutMs: 5_000, publicOnly }).request({
          method: 'GET',
          path: '/',
        });
      try {
        await expect(ask(true)).rejects.toThrow(/is not a public address/);
        await expect(ask(true)).rejects.toBeInstanceOf(NoAnswerError);
        expect(calls).toBe(0);
        expect((await ask(false)).status).toBe(200);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  );
});
