import { describe, expect, it } from '@jest/globals';
import type { HttpRequest, HttpResponse } from '../../src/http.ts';
import { prepare } from '../../src/mastodon/prepare.ts';
import { lookUp } from '../../src/mastodon/look-up.ts';
import type { LookUpCall } from '../../src/publisher.ts';
import { answer, NOW } from '../answers.ts';

const MINUTE_MS = 60_000;
const uploads = { a: { mediaId: '7', isReady: true, failures: 0, formerIds: [] } };

/** A sent delivery with an image, on a server with an empty list that answers this for the image. */
function deliveryOn(aboutImage: HttpResponse, sentAgoMs: number) {
  const asked: string[] = [];
  const call = {
    text: 'ours',
    media: [{ id: 'a' }],
    account: { remoteAccountId: '1', handle: 'ada' },
    credentials: { accessToken: 't' },
    evidence: { uploads, newestStatusId: null, idempotencyKey: 'key', notedAt: NOW.toISOString() },
    sentBefore: true,
    sendingSince: new Date(NOW.getTime() - sentAgoMs),
    lookedAt: NOW,
    asked: 0,
    now: () => NOW,
    remember: async () => undefined,
    // Public, so that a server that lists only public posts would list it.
    settings: { visibility: 'public' },
    signal: new AbortController().signal,
    http: {
      async request({ method, path }: HttpRequest) {
        asked.push(`${method} ${path}`);
        if (path.endsWith('/statuses')) return answer(200, []);
        return path.includes('/media/') ? aboutImage : answer(404, '<h1>404 Not Found</h1>');
      },
    },
  } as unknown as LookUpCall;
  return { call, asked };
}

const noSuchCall = answer(404, '<h1>404 Not Found</h1>');
const noSuchImage = answer(404, { error: 'Record not found' });

describe('an image that the server cannot find', () => {
  it('is a hint of a post only if the API itself says that it is gone', async () => {
    expect(await lookUp(deliveryOn(noSuchImage, 11 * MINUTE_MS).call)).toMatchObject({
      outcome: 'ask_again',
    });
    expect(await lookUp(deliveryOn(noSuchImage, 61 * MINUTE_MS).call)).toMatchObject({
      outcome: 'uncertain',
    });
    expect(await lookUp(deliveryOn(noSuchCall, 3 * MINUTE_MS).call)).toMatchObject({
      outcome: 'ask_again',
    });
    expect(await lookUp(deliveryOn(noSuchCall, 11 * MINUTE_MS).call)).toEqual({ outcome: 'absent' });
  });

  it('is used as uploaded if the server has no call to read it', async () => {
    const { call, asked } = deliveryOn(noSuchCall, 11 * MINUTE_MS);
    expect(await prepare(call)).toEqual({ outcome: 'ready' });
    expect(asked).toEqual(['GET /api/v1/accounts/1/statuses', 'GET /api/v1/media/7']);
  });
});
