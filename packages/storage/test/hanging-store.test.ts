import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { openDiskProcess, type DiskProcess } from '../src/disk-process.ts';
import { openDiskStore } from '../src/disk-store.ts';
import { FileChangedError, StoreUnavailableError, type FileStore } from '../src/file-store.ts';
import { openS3Store } from '../src/s3-store.ts';
import { openStaging } from '../src/staging.ts';

// FIFOs stand for a dead network mount: opening one blocks until it has a writer.

const TIMEOUT_MS = 1_500;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-hanging-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const away = (state = 'away') => ({ name: 'StoreUnavailableError', state });

describe('a disk that hangs', () => {
  let disk: DiskProcess;
  let store: FileStore;
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(folder, 'disk-'));
    disk = openDiskProcess({ timeoutMs: TIMEOUT_MS });
    store = openDiskStore({ directory, disk });
  });
  const stored = async (key: string, text: string) => {
    const path = join(folder, `put-${key}`);
    await writeFile(path, text);
    await store.put(key, path);
  };

  it('ends every read with a StoreUnavailableError, and holds no thread of this process meanwhile', async () => {
    await stored('well', 'as it was');
    const hanging = Array.from({ length: 12 }, (_, index) => `hangs-${index}`);
    for (const key of hanging) execFileSync('mkfifo', [join(directory, key)]);
    const began = Date.now();
    const reads = hanging.flatMap((key) => [
      store.read(key),
      store.read(key, { start: 0, end: 9 }),
      store.stat(key),
      store.digest(key),
      store.open(key, 10),
    ]);
    const ended = Promise.allSettled(reads);
    // These use the four threads that everything else in this process shares.
    await Promise.all([
      lookup('localhost'),
      readFile(new URL(import.meta.url)),
      promisify(pbkdf2)('a', 'b', 1, 16, 'sha256'),
    ]);
    for (const result of await ended) {
      expect(result).toMatchObject({ status: 'rejected', reason: away() });
    }
    expect(Date.now() - began).toBeLessThan(10 * TIMEOUT_MS);
    // It does not hang for ever: another process carries out the next call.
    expect(Buffer.from(await store.read('well')).toString()).toBe('as it was');
    await rm(join(directory, 'hangs-0'));
    await stored('hangs-0', 'back');
    expect(Buffer.from(await store.read('hangs-0')).toString()).toBe('back');
    disk.close();
  });

  it('ends an upload that is being written', async () => {
    const upload = await openStaging({ directory, disk }).open();
    execFileSync('mkfifo', [upload.path('received')]);
    await expect(upload.receive(Readable.from([Buffer.from('x')]))).rejects.toMatchObject(away());
    disk.close();
  });

  it('lets this process exit while a call hangs, and leaves no process behind', async () => {
    execFileSync('mkfifo', [join(directory, 'hangs')]);
    const script = `
      import { openDiskProcess, openDiskStore } from '@solospark/storage';
      const disk = openDiskProcess({ timeoutMs: 60_000 });
      const store = openDiskStore({ directory: process.argv[2], disk });
      store.read('hangs').catch(() => undefined);
      setTimeout(() => process.exit(7), 1_000);`;
    const path = new URL(`./hanging-${process.pid}.ts`, import.meta.url);
    await writeFile(path, script);
    try {
      const register = new URL('../../../test/support/import-typescript.mjs', import.meta.url).href;
      const args = ['--import', register, '--conditions=source', path.pathname, directory];
      expect(() => execFileSync(process.execPath, args, { timeout: 40_000, stdio: 'pipe' })).toThrow(
        expect.objectContaining({ status: 7 }),
      );
    } finally {
      await rm(path);
    }
    disk.close();
  });

  it('reports the state away', async () => {
    expect(await store.state()).toBe('up');
    const hanging = { call: () => new Promise<never>(() => undefined), close: () => undefined };
    expect(await openDiskStore({ directory, disk: hanging }).state()).toBe('away');
    disk.close();
  });
});

describe('a file that was shortened or replaced', () => {
  it('is refused before the first byte, whole or in part, and also while it is being read', async () => {
    const directory = await mkdtemp(join(folder, 'cut-'));
    const disk = openDiskProcess({ timeoutMs: 20_000 });
    const store = openDiskStore({ directory, disk });
    await writeFile(join(directory, 'a'), 'x'.repeat(1_000));
    const { version } = await store.stat('a');
    await writeFile(join(directory, 'a'), 'x'.repeat(100));
    await expect(store.open('a', 1_000)).rejects.toBeInstanceOf(FileChangedError);
    await expect(store.open('a', 1_000, { start: 500, end: 900 })).rejects.toBeInstanceOf(FileChangedError);
    await expect(store.read('a', { start: 0, end: 499 })).rejects.toBeInstanceOf(FileChangedError);
    await expect(store.read('a', undefined, version)).rejects.toBeInstanceOf(FileChangedError);
    // Shortened while it is read: the stream fails at once.
    await writeFile(join(directory, 'b'), 'x'.repeat(600_000));
    const stream = await store.open('b', 600_000);
    await writeFile(join(directory, 'b'), 'y');
    await expect(buffer(stream)).rejects.toBeInstanceOf(FileChangedError);
    disk.close();
  });
});

describe('the media folder', () => {
  it('and all files in it can be read by their owner only, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const directory = join(folder, 'private');
      const disk = openDiskProcess({ timeoutMs: 20_000 });
      const store = openDiskStore({ directory, disk });
      const upload = await openStaging({ directory: join(directory, '.staging'), disk }).open();
      const { path } = await upload.receive(Readable.from([Buffer.from('x')]));
      await store.put('organization/file', path);
      await upload.receive(Readable.from([Buffer.from('y')]));
      await chmod(directory, 0o755);
      // The first check closes a folder that an older version left open.
      expect(await store.state()).toBe('up');
      const names = await readdir(directory, { recursive: true, withFileTypes: true });
      expect(names.length).toBeGreaterThan(4);
      for (const entry of [...names.map(({ parentPath, name }) => join(parentPath, name)), directory]) {
        expect([entry, ((await stat(entry)).mode & 0o077).toString(8)]).toEqual([entry, '0']);
      }
      disk.close();
    } finally {
      process.umask(before);
    }
  });
});

describe('a store on S3 that hangs', () => {
  let server: Server;
  let store: FileStore;
  const disk = openDiskProcess({ timeoutMs: 20_000 });
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url?.includes('full'))
        return void response.writeHead(507).end('<Code>QuotaExceeded</Code>');
      if (!request.url?.includes('begins')) return;
      const headers = { 'content-length': '1000', etag: '"1"', 'content-range': 'bytes 0-999/1000' };
      response.writeHead(request.headers.range ? 206 : 200, headers).write('x'.repeat(500));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const keys = { accessKeyId: 'a', secretAccessKey: 'b', region: 'us-east-1', bucket: 'media' };
    const endpoint = `http://127.0.0.1:${port}`;
    store = openS3Store({ ...keys, endpoint, pathStyle: true, timeoutMs: TIMEOUT_MS, disk });
  });
  afterAll(async () => {
    disk.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each<[string, () => Promise<unknown>]>([
    ['read without an answer', () => store.read('silent')],
    ['open without an answer', () => store.open('silent', 1_000)],
    ['stat without an answer', () => store.stat('silent')],
    ['remove without an answer', () => store.remove('silent')],
    ['a stream that stops', async () => buffer(await store.open('begins', 1_000))],
    ['a digest that stops', () => store.digest('begins')],
  ])('ends with the state away: %s', async (_what, call) => {
    await expect(call()).rejects.toMatchObject(away());
  });
  it('fails with the state full when the server is full, and reports away when it does not answer', async () => {
    const path = join(folder, 'too-much');
    await writeFile(path, 'x');
    await expect(store.put('full', path)).rejects.toMatchObject(away('full'));
    expect(await store.state()).toBe('away');
  });
  it('and one that refuses connections are both unavailable', async () => {
    const keys = { accessKeyId: 'a', secretAccessKey: 'b', region: 'us-east-1', bucket: 'media' };
    const nobody = { ...keys, endpoint: 'http://127.0.0.1:1', pathStyle: true, timeoutMs: TIMEOUT_MS, disk };
    await expect(openS3Store(nobody).read('a')).rejects.toBeInstanceOf(StoreUnavailableError);
  });
});
