import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { openDiskProcess } from '../src/disk-process.ts';
import { openS3Store } from '../src/s3-store.ts';

const disk = openDiskProcess({ timeoutMs: 20_000 });
afterAll(() => disk.close());

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function openStore(answer: (response: ServerResponse) => void) {
  server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return openS3Store({
    bucket: 'media',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'here',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    pathStyle: true,
    timeoutMs: 20_000,
    disk,
  });
}

const flood = (status: number) => (response: ServerResponse) => {
  response.writeHead(status);
  const more = () => {
    while (!response.destroyed && response.write('a'.repeat(64 * 1024)));
  };
  response.on('drain', more);
  more();
};

const KEY = 'organization/file';

describe('an S3 store reads a limited part of an answer:', () => {
  it.each([
    ['an endless error', flood(403)],
    ['an endless success', flood(200)],
    [
      'an error that is a decompression bomb',
      (response: ServerResponse) =>
        void response
          .writeHead(403, { 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(20 * 1024 * 1024))),
    ],
  ])('64 KB of %s', async (_, answer) => {
    const store = await openStore(answer);
    await expect(store.remove(KEY)).rejects.toThrow(/longer than 65536 bytes|terminated/);
  });

  it('only the requested range of a file', async () => {
    const store = await openStore(flood(206));
    await expect(store.read(KEY, { start: 0, end: 99 })).rejects.toThrow(/longer than 100 bytes/);
  });
});
