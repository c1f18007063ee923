import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pdf } from '../../../test/support/documents.ts';
import { moving, writeFilm } from '../../../test/support/media.ts';
import { fairTurns } from '../src/fair-turns.ts';
import { readMediaFile } from '../src/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'solospark-hostile-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * Writes a film whose table of times (stts) claims `frames` frames in one entry of eight bytes. The library only makes a list
 * of them all when the film also has a table of offsets (ctts), so this adds one.
 */
async function filmThatClaims(frames: number): Promise<string> {
  const path = join(folder, `claims-${frames}.mp4`);
  await writeFilm(path, { frames: 30 });
  const bytes = await readFile(path);
  const times = bytes.indexOf('stts') - 4;
  expect(times).toBeGreaterThan(0);
  bytes.writeUInt32BE(frames, times + 16);
  const offsets = Buffer.alloc(24);
  offsets.writeUInt32BE(offsets.length);
  offsets.write('ctts', 4);
  // One entry: one frame, with offset 0.
  offsets.writeUInt32BE(1, 12);
  offsets.writeUInt32BE(1, 16);
  for (const around of ['moov', 'trak', 'mdia', 'minf', 'stbl']) {
    const at = bytes.lastIndexOf(around, times) - 4;
    bytes.writeUInt32BE(bytes.readUInt32BE(at) + offsets.length, at);
  }
  const end = times + bytes.readUInt32BE(times);
  await writeFile(path, Buffer.concat([bytes.subarray(0, end), offsets, bytes.subarray(end)]));
  return path;
}

const read = async (path: string, client = 'client') =>
  readMediaFile(
    { path, byteSize: (await stat(path)).size, name: 'a' },
    join(folder, `${client}-kept`),
    client,
  );

it('a film that claims four billion frames is refused, and does not block or fill this process', async () => {
  const path = await filmThatClaims(0xffff_ffff);
  let longestMs = 0;
  let last = Date.now();
  const watching = setInterval(() => {
    longestMs = Math.max(longestMs, Date.now() - last);
    last = Date.now();
  }, 20);
  const before = process.memoryUsage.rss();
  // Refused by the limits of the process that reads it, not by an error of the library.
  await expect(read(path)).rejects.toMatchObject({
    code: 'invalid_media',
    errors: [{ pointer: '/file', code: 'complexity' }],
  });
  clearInterval(watching);
  // Without the limits, it would be minutes, and more memory than the machine has.
  expect(longestMs).toBeLessThan(5_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(300_000_000);
}, 240_000);

it('bytes behind the end of a GIF are cut off', async () => {
  const gif = await moving('gif');
  const path = join(folder, 'hiding.gif');
  await writeFile(path, Buffer.concat([gif, Buffer.from('<script>alert(1)</script>')]));
  expect(await read(path)).toMatchObject({ kind: 'gif', byteSize: gif.length });
  expect((await readFile(path)).equals(gif)).toBe(true);
});

describe('fairTurns', () => {
  it('does not let a file of one client wait for forty of another', async () => {
    const turns = fairTurns({ places: 3, perClient: 2 });
    const ended: string[] = [];
    let running = 0;
    let most = 0;
    const work = (name: string) => async () => {
      running += 1;
      most = Math.max(most, running);
      await delay(5);
      running -= 1;
      ended.push(name);
    };
    const many = Array.from({ length: 40 }, () => turns.take('many', work('many')));
    await delay(1);
    const few = [turns.take('one', work('one')), turns.take('other', work('other'))];
    await Promise.all([...many, ...few]);
    expect(most).toBe(3);
    expect(ended.indexOf('one')).toBeLessThan(4);
    expect(ended.indexOf('other')).toBeLessThan(6);
  });
  it('serves waiting clients round-robin', async () => {
    const turns = fairTurns({ places: 1, perClient: 1 });
    let begun = '';
    const works = ['a', 'b', 'c'].flatMap((client) =>
      Array.from({ length: 3 }, () => turns.take(client, () => Promise.resolve((begun += client)))),
    );
    await Promise.all(works);
    // The first call found a free place at once.
    expect(begun).toBe('aabcabcbc');
  });
  it('frees the place of work that fails', async () => {
    const turns = fairTurns({ places: 1, perClient: 1 });
    const failing = turns.take('a', () => Promise.reject(new Error('no')));
    const next = turns.take('a', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});

describe('a PDF', () => {
  it.each([
    ['JavaScript when it is opened', '/OpenAction << /S /JavaScript /JS (app.alert(1)) >>', 'JavaScript'],
    [
      'JavaScript under an escaped name',
      '/OpenAction << /S /J#61vaScript /J#53 (app.alert(1)) >>',
      'JavaScript',
    ],
    ['JavaScript in its table of names', '/Names << /JavaScript << /Names [(a) << >>] >> >>', 'JavaScript'],
    ['an action that starts a program', '/AA << /WC << /S /Launch /F (cmd.exe) >> >>', 'starts a program'],
    [
      'an action that sends a form',
      '/AcroForm << /Fields [<< /A << /S /SubmitForm >> >>] >>',
      'sends a form',
    ],
    ['a file inside', '/Names << /EmbeddedFiles << /Names [(a) << /EF << >> >>] >> >>', 'a file inside'],
    ['an action that opens another file', '/OpenAction << /S /GoToR /F (other.pdf) >>', 'opens another file'],
    [
      'a URL that opens by itself',
      '/OpenAction << /S /URI /URI (http://a) >>',
      'an address that opens by itself',
    ],
    ['a form with scripts', '/AcroForm << /Fields [] /XFA (x) >>', 'XFA'],
  ])('is refused for %s', async (_what, catalog, named) => {
    const path = join(folder, 'active.pdf');
    await writeFile(path, pdf({ catalog }));
    await expect(read(path)).rejects.toMatchObject({
      code: 'unsupported_media',
      message: expect.stringContaining(named),
      errors: [{ pointer: '/file', code: 'active_content' }],
    });
  });
  it('with an ordinary link is accepted', async () => {
    const path = join(folder, 'link.pdf');
    await writeFile(path, pdf({ catalog: '/Extra << /Subtype /Link /A << /S /URI /URI (http://a) >> >>' }));
    expect(await read(path)).toMatchObject({ kind: 'document', pageCount: 1 });
  });
});
