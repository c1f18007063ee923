import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { openDiskProcess } from '../src/disk-process.ts';
import { openDiskStore } from '../src/disk-store.ts';
import { FileMissingError, type FileStore } from '../src/file-store.ts';
import { openS3Server } from './s3-server.ts';

// The contract of every store. The S3 store runs against a local S3 server.

interface Stage {
  store: FileStore;
  close: () => Promise<void>;
}

let folder: string;
const disk = openDiskProcess({ timeoutMs: 20_000 });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-storage-'));
});
afterAll(async () => {
  disk.close();
  await rm(folder, { recursive: true, force: true });
});

const stages: [string, () => Promise<Stage>][] = [
  [
    'a disk',
    async () => ({
      store: openDiskStore({ directory: await mkdtemp(join(folder, 'disk-')), disk }),
      close: () => Promise.resolve(),
    }),
  ],
  [
    'S3',
    async () => {
      const { openStore, close } = await openS3Server(folder);
      return { store: openStore(), close };
    },
  ],
];

let serial = 0;
const fileWith = async (bytes: Uint8Array) => {
  const path = join(folder, `put-${(serial += 1)}`);
  await writeFile(path, bytes);
  return path;
};

describe.each(stages)('a file store on %s', (_name, open) => {
  let stage: Stage;
  let store: FileStore;
  beforeAll(async () => {
    stage = await open();
    ({ store } = stage);
  });
  afterAll(() => stage.close());

  const bytes = randomBytes(300_000);
  const key = 'organization_1/0b1f-image';
  beforeEach(async () => store.put(key, await fileWith(bytes)));

  it('returns what was put, in one piece and as a stream', async () => {
    expect(Buffer.from(await store.read(key)).equals(bytes)).toBe(true);
    expect((await buffer(await store.open(key, bytes.length))).equals(bytes)).toBe(true);
  });
  it.each([
    ['the first bytes', 0, 99],
    ['a part of the middle', 70_000, 210_000],
    ['the last byte', bytes.length - 1, bytes.length - 1],
  ])('returns %s of a file', async (_what, start, end) => {
    const part = await buffer(await store.open(key, bytes.length, { start, end }));
    expect(part.equals(bytes.subarray(start, end + 1))).toBe(true);
    expect(Buffer.from(await store.read(key, { start, end })).equals(part)).toBe(true);
  });
  it('moves the staged file, and replaces what was under the key', async () => {
    const path = await fileWith(Buffer.from('newer'));
    await store.put(key, path);
    expect(Buffer.from(await store.read(key)).toString()).toBe('newer');
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
  it('does not find a removed file any more, and may remove it twice', async () => {
    await store.remove(key);
    await store.remove(key);
    await expect(store.read(key)).rejects.toBeInstanceOf(FileMissingError);
    await expect(store.open(key, 5)).rejects.toBeInstanceOf(FileMissingError);
    await expect(store.open(key, 5, { start: 0, end: 1 })).rejects.toBeInstanceOf(FileMissingError);
  });
  it('keeps keys with the same beginning apart', async () => {
    await store.put(`${key}-thumbnail`, await fileWith(Buffer.from('small')));
    await store.remove(`${key}-thumbnail`);
    expect((await store.read(key)).byteLength).toBe(bytes.length);
  });
  it.each(['../outside', 'a//b', '/a', 'a.b', ''])('refuses the key "%s"', async (outside) => {
    await expect(store.read(outside)).rejects.toThrow('not a storage key');
    await expect(store.put(outside, await fileWith(bytes))).rejects.toThrow('not a storage key');
  });
});

describe('a store on S3', () => {
  it('reports the error of the server when the access keys are wrong, without the keys', async () => {
    const { openStore, close } = await openS3Server(folder);
    const secretAccessKey = 'not-the-secret';
    const store = openStore({ secretAccessKey });
    const refused = store.put('a/b', await fileWith(Buffer.from('x')));
    await expect(refused).rejects.toThrow('403 SignatureDoesNotMatch');
    await expect(refused).rejects.not.toThrow(secretAccessKey);
    await close();
  });
  it('reports a missing bucket as such, and not as a missing file', async () => {
    const { openStore, close } = await openS3Server(folder);
    const store = openStore({ bucket: 'elsewhere' });
    const refused = store.read('a/b');
    await expect(refused).rejects.toThrow('NoSuchBucket');
    await expect(refused).rejects.not.toBeInstanceOf(FileMissingError);
    await close();
  });
});

describe('a store on a disk', () => {
  it('leaves no partial file when the file to be put is missing', async () => {
    const directory = await mkdtemp(join(folder, 'whole-'));
    const store = openDiskStore({ directory, disk });
    await expect(store.put('a/b', join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(join(directory, 'a'))).toEqual([]);
  });
});
