import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpClient, NoAnswerError, RefusedAddressError } from '../src/http.ts';
import { isPublicAddress } from '../src/public-hosts.ts';

describe('an address', () => {
  it.each([
    ...[
      '1.1.1.1',
      '93.184.216.34',
      '172.15.0.1',
      '172.32.0.1',
      '100.63.255.255',
      '100.128.0.1',
      '9.255.255.255',
    ],
    ...[
      '11.0.0.0',
      '126.255.255.255',
      '128.0.0.0',
      '169.253.0.1',
      '192.167.0.1',
      '198.17.0.1',
      '223.255.255.255',
    ],
    ...['2606:4700::1111', '2a00:1450:4001::200e', '2001:4860:4860::8888', '2400:cb00::1', '3ffe::1'],
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    ['0.0.0.0', 'this network'],
    ['0.1.2.3', 'this network'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'shared by a provider'],
    ['100.127.255.255', 'shared by a provider'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'link-local: where clouds give out keys'],
    ['192.0.0.1', 'protocol assignments'],
    ['192.0.2.1', 'documentation'],
    ['198.51.100.7', 'documentation'],
    ['203.0.113.9', 'documentation'],
    ['192.88.99.1', '6to4 relay'],
    ['198.18.0.1', 'benchmarks'],
    ['198.19.255.255', 'benchmarks'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'IPv4-compatible: 127.0.0.1'],
    ['::10.0.0.1', 'IPv4-compatible: 10.0.0.1'],
    ['::808:808', 'IPv4-compatible'],
    ['::ffff:127.0.0.1', 'IPv4-mapped'],
    ['::ffff:10.0.0.1', 'IPv4-mapped'],
    ['::ffff:8.8.8.8', 'IPv4-mapped'],
    ['::ffff:0:7f00:1', 'IPv4-translated (SIIT)'],
    ['64:ff9b::7f00:1', 'NAT64: 127.0.0.1'],
    ['64:ff9b::808:808', 'NAT64'],
    ['64:ff9b:1::7f00:1', 'local NAT64'],
    ['64:ff9b:1:ffff::a00:1', 'local NAT64'],
    ['100::1', 'discard-only'],
    ['2001::1', 'Teredo'],
    ['2001:0:7f00:1::1', 'Teredo'],
    ['2001:2::1', 'benchmarks'],
    ['2001:10::1', 'ORCHID'],
    ['2001:20::1', 'ORCHIDv2'],
    ['2001:db8::1', 'documentation'],
    ['3fff::1', 'documentation'],
    ['3fff:fff::1', 'documentation'],
    ['2002:7f00:1::', '6to4: 127.0.0.1'],
    ['2002:a00:1::1', '6to4: 10.0.0.1'],
    ['2002:808:808::1', '6to4'],
    ['5f00::1', 'segment routing'],
    ['4000::1', 'not given out'],
    ['fc00::1', 'unique local'],
    ['fd12:3456::1', 'unique local'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'site-local'],
    ['feff::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['fe80::1%eth0', 'with a zone'],
    ['2606:4700::1111%eth0', 'with a zone'],
    ['', 'none'],
    ['not an address', 'none'],
    ['0x7f.1', 'not written as one is connected to'],
    ['1.1.1', 'not written as one is connected to'],
    ['01.1.1.1', 'not written as one is connected to'],
  ])('%s is not public (%s)', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe("a client for an author's server", () => {
  let server: Server;
  let port: number;
  let calls = 0;

  beforeAll(async () => {
    server = createServer((_, response) => {
      calls += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '::', resolve));
    ({ port } = server.address() as AddressInfo);
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** All of these lead to the server of this test if the client has no restriction. */
  const spellings = [
    ...['127.0.0.1', '127.1', '127.0.1', '127.0.0.1.', '127.42.0.1', '0.0.0.0', '0'],
    ...['0x7f.1', '0x7f000001', '0x7f.0x0.0x0.0x1', '2130706433', '017700000001', '0177.0.0.1'],
    ...['１２７.0.0.1', '127。0。0。1', '①②⑦.0.0.1', '%31%32%37.0.0.1'],
    ...['localhost', 'LOCALHOST', 'ｌocalhost', 'local%68ost'],
    ...['[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ...['user:password@127.0.0.1', '1.1.1.1@127.0.0.1'],
  ];
  /** There is no server at these addresses; the client does not even connect. */
  const elsewhere = [
    '[::7f00:1]',
    '[2002:7f00:1::]',
    '[64:ff9b:1::7f00:1]',
    '[fec0::1]',
    '10.0.0.1',
    '169.254.169.254',
  ];

  const ask = (address: string, publicOnly: boolean) =>
    createHttpClient({ baseUrl: address, timeoutMs: 10_000, publicOnly }).request({
      method: 'GET',
      path: '/',
    });

  it.each(spellings)('does not connect to this machine for %s', async (host) => {
    calls = 0;
    const asked = ask(`http://${host}:${port}`, true);
    await expect(asked).rejects.toBeInstanceOf(RefusedAddressError);
    await expect(asked).rejects.toThrow(/is not a public address/);
    await expect(asked).rejects.toMatchObject({ wasSent: false });
    expect(calls).toBe(0);
    expect((await ask(`http://${host}:${port}`, false)).status).toBe(200);
    expect(calls).toBe(1);
  });

  it.each(elsewhere)('does not connect to a private network for %s', async (host) => {
    await expect(ask(`http://${host}:${port}`, true)).rejects.toBeInstanceOf(RefusedAddressError);
  });

  it.each(['http://127.0.0.1', 'http://localhost', 'http://[::1]', 'https://127.0.0.1', 'https://localhost'])(
    'does not follow a URL to a private address that the server returned: %s',
    async (origin) => {
      calls = 0;
      for (const baseUrl of ['https://example.com', 'http://example.com']) {
        const client = createHttpClient({ baseUrl, timeoutMs: 10_000, publicOnly: true });
        const asked = client.request({ method: 'POST', path: `${origin}:${port}/upload`, json: {} });
        await expect(asked).rejects.toBeInstanceOf(NoAnswerError);
        await expect(asked).rejects.toThrow(/not a public address|leads away from https/);
      }
      expect(calls).toBe(0);
    },
  );

  it('refuses a change from https to http, and an invalid URL', async () => {
    const client = createHttpClient({ baseUrl: 'https://example.com', timeoutMs: 10_000, publicOnly: true });
    const ask = (path: string) => client.request({ method: 'GET', path });
    await expect(ask('http://1.1.1.1/')).rejects.toThrow(/leads away from https/);
    await expect(ask('https://[fe80::1%25eth0]/')).rejects.toThrow(/is no URL/);
    await expect(ask('https://')).rejects.toThrow(/is no URL/);
    await expect(ask('@127.0.0.1/')).rejects.toThrow(/starts with \//);
  });

  it('does not follow any redirect', async () => {
    const redirecting = createServer((_, response) => {
      response.writeHead(307, { location: `http://localhost:${port}/` }).end();
    });
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    calls = 0;
    try {
      const { status } = await ask(`http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`, false);
      expect(status).toBe(307);
      expect(calls).toBe(0);
    } finally {
      redirecting.closeAllConnections();
      redirecting.close();
    }
  });
});
