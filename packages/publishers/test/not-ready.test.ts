import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { instagram } from '../src/instagram/index.ts';
import { linkedin } from '../src/linkedin/index.ts';
import { mastodon } from '../src/mastodon/index.ts';
import { x } from '../src/x/index.ts';
import { NOW } from './answers.ts';
import { callOf, imageOf, serveScript, type Script, type ScriptedServer } from './scripted.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await serveScript();
});
afterAll(() => server.close());

const image = imageOf();
const uploaded = { [image.id]: { mediaId: '7', isReady: true, failures: 0, formerIds: [] } };
const mastodonCall = (evidence: object = {}) =>
  callOf(server.origin, {
    media: [image],
    evidence: { idempotencyKey: 'k', newestStatusId: null, uploads: uploaded, ...evidence },
  });
const waits = (outcome: unknown) => {
  expect(outcome).toMatchObject({
    outcome: 'wait_until',
    failure: { kind: 'unavailable', actor: 'platform' },
  });
  const { until } = outcome as { until: Date };
  expect(until.getTime() - NOW.getTime()).toBeGreaterThanOrEqual(5_000);
};

describe('a file that is not ready yet is waited for', () => {
  it.each([
    'Cannot attach files that have not finished processing. Try again in a moment!',
    'Dateien, die noch nicht verarbeitet wurden, können nicht angehängt werden.',
  ])('on Mastodon, and the post goes out in the next attempt: %s', async (error) => {
    let refusals = 1;
    server.answer((request): Script => {
      // The file is ready when it is read.
      if (request.method === 'GET') return { status: 200, body: { id: '7', url: 'https://m.example/7.jpg' } };
      refusals -= 1;
      return refusals >= 0
        ? { status: 422, body: { error } }
        : { status: 200, body: { id: '9', url: 'https://m.example/9' } };
    });
    const call = mastodonCall();
    waits(await mastodon.publish(call));
    expect(await mastodon.publish(call)).toMatchObject({ outcome: 'published', receipt: { remoteId: '9' } });
  });

  it('on Mastodon; but a refusal of the text fails at once, or at the second try in an unknown language', async () => {
    const refuse = (error: string) =>
      server.answer((request) =>
        request.method === 'GET'
          ? { status: 200, body: { id: '7', url: 'https://m.example/7' } }
          : { status: 422, body: { error } },
      );
    refuse('Validation failed: Text character limit of 500 exceeded');
    expect(await mastodon.publish(mastodonCall())).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content' },
    });
    refuse('Das geht nicht.');
    const call = mastodonCall();
    waits(await mastodon.publish(call));
    expect(await mastodon.publish(call)).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'rejected_content', platformMessage: 'Das geht nicht.' },
    });
  });

  it('on X', async () => {
    const body = {
      errors: [{ message: 'The media with id 7 is still being processed.' }],
      title: 'Invalid Request',
    };
    server.answer(() => ({ status: 400, body }));
    const expiresAt = new Date(NOW.getTime() + 3_600_000).toISOString();
    const uploads = { [image.id]: { mediaId: '7', expiresAt, isDescribed: true } };
    waits(await x.publish(callOf(server.origin, { media: [image], evidence: { uploads } })));
  });

  it('on LinkedIn', async () => {
    server.answer(() => ({
      status: 400,
      body: { status: 400, message: 'The image urn:li:image:1 is not ready' },
    }));
    const upload = { urn: 'urn:li:image:1', uploadedAt: NOW.toISOString() };
    waits(
      await linkedin.publish(
        callOf(server.origin, { media: [image], evidence: { images: { [image.id]: upload } } }),
      ),
    );
  });

  it.each([{ code: 9007 }, { code: 9007, error_subcode: 2207027 }, { code: -1, error_subcode: 2207027 }])(
    'on Instagram: %j',
    async (error) => {
      server.answer(() => ({
        status: 400,
        body: { error: { message: 'Media ID is not available', ...error } },
      }));
      waits(
        await instagram.publish(callOf(server.origin, { media: [image], evidence: { containerId: 'c' } })),
      );
    },
  );
});

describe('a Mastodon server without /api/v2/media', () => {
  it.each<[string, Script]>([
    ['404 in its own form', { status: 404, body: { error: 'Record not found' } }],
    ['404 and a page', { status: 404, body: '<html>' }],
    ['405', { status: 405, body: '' }],
  ])('gets the file by the older call: %s', async (_, unknown) => {
    server.answer(({ method, url }): Script => {
      if (url === '/api/v2/media') return unknown;
      if (url === '/api/v1/media') return { status: 200, body: { id: '7', url: 'https://m.example/7.jpg' } };
      return method === 'GET' ? { status: 200, body: [] } : { status: 500 };
    });
    const call = callOf(server.origin, { media: [imageOf('a'), imageOf('b')] });
    expect(await mastodon.prepare(call)).toEqual({ outcome: 'ready' });
    expect(server.asked.filter((asked) => asked.startsWith('POST'))).toEqual([
      'POST /api/v2/media',
      'POST /api/v1/media',
      'POST /api/v1/media',
    ]);
  });
});
