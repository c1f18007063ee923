import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { demoImage, eventually, startTestApp, type TestApp } from './support/app.ts';
import { pdf, pdfBomb } from './support/documents.ts';
import { writeFilm } from './support/media.ts';
import { envOf, startProcess, type AppProcess } from './support/processes.ts';
import { freePort } from './support/queue.ts';

// Runs the API as its own process, to measure its memory: a large file is streamed through it, never held in memory.

const MB = 1_000_000;

// Moves hundreds of megabytes through several processes, while other suites run.
jest.setTimeout(300_000);

let app: TestApp;
let api: AppProcess;
let folder: string;
let port: number;
beforeAll(async () => {
  app = await startTestApp();
  folder = await mkdtemp(join(tmpdir(), 'solospark-large-'));
  port = await freePort();
  api = await startProcess('api', {
    // Only the upload is tested, and ffmpeg would need four minutes for 300 MB.
    FFMPEG_PATH: 'off',
    ...envOf(app),
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  });
  // The first upload loads code, which must not count as memory of an upload.
  const image = await demoImage();
  expect((await upload(Readable.from([Buffer.from(image)]), image.length)).status).toBe(201);
});
afterAll(async () => {
  api.signal('SIGKILL');
  await api.exited;
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  status: number;
  body: Record<string, string>;
}

/** Uploads a stream, so that this process does not hold the file in memory either. */
async function upload(file: Readable, byteSize: number): Promise<Answer> {
  const head = '--limit\r\ncontent-disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n';
  const end = '\r\n--limit--\r\n';
  const call = request({
    port,
    method: 'POST',
    path: `/organizations/${app.organizationId}/media`,
    headers: {
      'x-api-key': app.apiKey,
      'content-type': 'multipart/form-data; boundary=limit',
      'content-length': head.length + byteSize + end.length,
    },
  });
  const answered = new Promise<Answer>((resolve, reject) => {
    call.on('error', reject);
    call.on('response', (response) => {
      json(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body: body as Answer['body'] }),
        reject,
      );
    });
  });
  async function* form() {
    yield Buffer.from(head);
    yield* file;
    yield Buffer.from(end);
  }
  // A server that refuses may close the connection while the file is still being sent; only its answer counts.
  const sent = pipeline(form, call).catch(() => undefined);
  const answer = await answered;
  await sent;
  return answer;
}

/** The process's resident memory, in bytes. */
async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) * 1_024;
}

/** The largest growth of the process's memory during `work`. */
async function growthDuring(pid: number, work: () => Promise<void>): Promise<number> {
  const before = await memoryOf(pid);
  let most = before;
  let ended = false;
  const watching = (async () => {
    while (!ended) {
      most = Math.max(most, await memoryOf(pid));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  })();
  try {
    await work();
  } finally {
    ended = true;
    await watching;
  }
  return most - before;
}

const uploadsUnderWay = () => readdir(join(app.mediaDirectory, '.staging'));

describe('a PDF', () => {
  const uploadPdf = async (bytes: Buffer) => {
    const path = join(folder, 'slides.pdf');
    await writeFile(path, bytes);
    const answers: Answer[] = [];
    const growth = await growthDuring(api.pid, async () => {
      answers.push(await upload(createReadStream(path), bytes.length));
    });
    return { answer: answers[0], growth };
  };

  it('of 90 MB is read with less than 60 MB of additional memory', async () => {
    const { answer, growth } = await uploadPdf(pdf({ pages: 60, fillerBytes: 1_500_000 }));
    expect(answer).toMatchObject({ status: 201, body: { kind: 'document', pageCount: 60 } });
    expect(growth / MB).toBeLessThan(60);
  });
  it('that is a decompression bomb is refused, and does not affect the API process', async () => {
    const { answer, growth } = await uploadPdf(pdfBomb(100_000_000));
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_media' } });
    expect(growth / MB).toBeLessThan(60);
    expect(await uploadsUnderWay()).toEqual([]);
  });
});

describe('a large video', () => {
  it('of 300 MB is uploaded and downloaded with less than 100 MB of additional memory', async () => {
    const path = join(folder, 'film.mp4');
    await writeFilm(path, { frames: 1_000, fillerBytes: 290_000 });
    const { size } = await stat(path);
    expect(size).toBeGreaterThan(300 * MB);

    let url = '';
    const goingIn = await growthDuring(api.pid, async () => {
      const answer = await upload(createReadStream(path), size);
      expect(answer).toMatchObject({
        status: 201,
        body: { kind: 'video', byteSize: size, videoCodec: 'h264' },
      });
      url = answer.body['url'] ?? '';
    });
    const goingOut = await growthDuring(api.pid, async () => {
      let received = 0;
      const { body } = await fetch(url);
      for await (const chunk of body ?? []) received += (chunk as Uint8Array).byteLength;
      expect(received).toBe(size);
    });
    expect(goingIn / MB).toBeLessThan(100);
    expect(goingOut / MB).toBeLessThan(100);
    expect(await uploadsUnderWay()).toEqual([]);
  });

  it('whose client disconnects during the upload leaves no file behind', async () => {
    const call = request({
      port,
      method: 'POST',
      path: `/organizations/${app.organizationId}/media`,
      headers: { 'x-api-key': app.apiKey, 'content-type': 'multipart/form-data; boundary=limit' },
    });
    call.on('error', () => undefined);
    call.write('--limit\r\ncontent-disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n');
    call.write(Buffer.alloc(5 * MB));
    await eventually(uploadsUnderWay, (uploads) => uploads.length === 1, 'the upload has begun');
    call.destroy();
    await eventually(uploadsUnderWay, (uploads) => uploads.length === 0, 'nothing is left of it');
  });

  it('larger than 512 MB is refused with 413, which names the limit', async () => {
    const head = Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1');
    const zeros = Buffer.alloc(1 << 20);
    const size = 530 * MB;
    async function* endless() {
      yield head;
      for (let left = size - head.length; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
    }
    const answer = await upload(Readable.from(endless()), size);
    expect(answer).toMatchObject({ status: 413, body: { code: 'media_too_large' } });
    expect(answer.body['detail']).toContain('larger than 512 MB');
    expect(await uploadsUnderWay()).toEqual([]);
  });
});
