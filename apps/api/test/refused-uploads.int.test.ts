import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { demoImage, startTestApp, type TestApp } from '../../../test/support/app.ts';
import { pdf } from '../../../test/support/documents.ts';

// A refused upload gets an answer, and the next request on the same connection, too.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: { code?: string; status?: string };
}

/** A client with one keep-alive connection. */
function openClient(url: string, apiKey: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: Buffer) =>
    new Promise<Answer>((resolve, reject) => {
      const call = request(url + path, { method, agent, headers: { 'x-api-key': apiKey, ...headers } });
      call.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: JSON.parse(Buffer.concat(chunks).toString() || '{}') as Answer['body'],
          }),
        );
      });
      call.on('error', reject);
      call.end(body);
    });
  return { ask, close: () => agent.destroy() };
}

function formOf(field: string, content: Buffer) {
  const boundary = 'a-boundary';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="a.jpg"\r\ncontent-type: image/jpeg\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body };
}

async function expectNextAnswer(client: ReturnType<typeof openClient>): Promise<void> {
  const began = Date.now();
  expect((await client.ask('GET', '/health/live')).status).toBe(200);
  expect(Date.now() - began).toBeLessThan(10_000);
}

describe('a refused upload', () => {
  it.each<[string, string, number, number]>([
    ['5 MB under a wrong field name', 'wrong', 5_000_000, 400],
    ['70 MB under a wrong field name, more than is read after a refusal', 'wrong', 70_000_000, 400],
    ['5 MB that are not an image', 'file', 5_000_000, 415],
  ])('of %s does not block the next request on its connection', async (_what, field, size, status) => {
    const client = openClient(app.url, app.apiKey);
    const { headers, body } = formOf(field, Buffer.alloc(size, 1));
    const path = `/organizations/${app.organizationId}/media`;
    expect((await client.ask('POST', path, headers, body)).status).toBe(status);
    await expectNextAnswer(client);
    client.close();
  });
});

it('a served file cannot run scripts in a browser, and is a download unless it is an image or a video', async () => {
  const served = async (name: string, bytes: Uint8Array) => {
    const { url } = (await app.upload(name, bytes)).body as { url: string };
    const { headers } = await fetch(url);
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    return headers.get('content-disposition');
  };
  expect(await served('a.jpg', await demoImage())).toBe('inline');
  expect(await served('a.pdf', pdf())).toBe('attachment');
});

it('507 storage_full when the disk is full, and the connection stays usable', async () => {
  // A full disk would need a mount. A limit on the file size makes the kernel refuse the same system call.
  const client = openClient(app.url, app.apiKey);
  const path = `/organizations/${app.organizationId}/media`;
  const { headers, body } = formOf('file', randomBytes(3_000_000));
  // The first call starts the disk process.
  expect((await client.ask('POST', path, headers, body)).status).toBe(415);
  const disks = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'disk-process'])
    .toString()
    .trim();
  for (const pid of disks.split('\n')) execFileSync('prlimit', ['--pid', pid, '--fsize=2000:']);
  const full = await client.ask('POST', path, headers, body);
  expect([full.status, full.body.code]).toEqual([507, 'storage_full']);
  await expectNextAnswer(client);
  expect((await client.ask('GET', '/health/ready')).body).toMatchObject({ store: 'full' });
  client.close();
});
