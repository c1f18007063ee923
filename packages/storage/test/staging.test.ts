import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openDiskProcess } from '../src/disk-process.ts';
import { openStaging } from '../src/staging.ts';

let folder: string;
const disk = openDiskProcess({ timeoutMs: 20_000 });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-staging-'));
});
afterAll(async () => {
  disk.close();
  await rm(folder, { recursive: true, force: true });
});

const HOUR_MS = 3_600_000;

describe('an upload', () => {
  it('lies on the disk with its size and its hash, until it is discarded', async () => {
    const directory = join(folder, 'first');
    const upload = await openStaging({ directory, disk }).open();
    const bytes = randomBytes(200_000);
    const file = await upload.receive(Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]));
    expect(file.byteSize).toBe(200_000);
    expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect((await readFile(file.path)).equals(bytes)).toBe(true);
    await upload.discard();
    expect(await readdir(directory)).toEqual([]);
  });
  it('that breaks off fails with its error', async () => {
    const upload = await openStaging({ directory: join(folder, 'broken'), disk }).open();
    const breaking = Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw new Error('the connection broke');
      })(),
    );
    await expect(upload.receive(breaking)).rejects.toThrow('the connection broke');
  });
});

describe('the sweep', () => {
  it('removes uploads that have received nothing for too long, and no others', async () => {
    const directory = join(folder, 'sweep');
    const staging = openStaging({ directory, disk });
    const [dead, slow] = [await staging.open(), await staging.open()];
    for (const upload of [dead, slow]) await upload.receive(Readable.from([Buffer.from('x')]));
    const longAgo = new Date(Date.now() - 2 * HOUR_MS);
    await utimes(dead.path('received'), longAgo, longAgo);
    // Both began long ago, but the slow one still receives data.
    for (const upload of [dead, slow]) await utimes(upload.path('.'), longAgo, longAgo);
    await staging.sweep(HOUR_MS);
    expect(await readdir(directory)).toHaveLength(1);
    expect(await readFile(slow.path('received'), 'utf8')).toBe('x');
  });
  it('does nothing when there is no staging folder', async () => {
    await openStaging({ directory: join(folder, 'nowhere'), disk }).sweep(0);
  });
});
