import { describe as group, expect, it } from '@jest/globals';
import { askQuietly, refusedOrUncertain, type Asking, type Dialect } from '../src/answer.ts';
import { describe } from '../src/detail.ts';
import { NoAnswerError, type HttpResponse } from '../src/http.ts';
import { answer, NOW } from './answers.ts';

const secrets = { credentials: { accessToken: 'sandbox-secret' }, text: 'What the author wrote' };
/** A platform that documents exactly one refusal. */
const dialect: Dialect = {
  name: 'Somewhere',
  readRefusal: (response) =>
    (response.json as { no?: true } | undefined)?.no
      ? { outcome: 'failed', failure: { kind: 'rejected_content', actor: 'user', reason: 'No.' } }
      : null,
};
const request = { method: 'POST', path: '/thing' } as const;
const asking = (reply: () => HttpResponse): Asking => ({
  ...secrets,
  http: { request: () => Promise.resolve().then(reply) },
});
const readId = (response: HttpResponse) => (response.json as { id?: string } | undefined)?.id;

group('what an answer means', () => {
  it.each<[string, HttpResponse, string, string]>([
    ['a refusal that is documented', answer(400, { no: true }), 'failed', 'failed'],
    ['a 4xx that is not', answer(404, { hm: true }), 'failed', 'uncertain'],
    ["a proxy's 4xx", answer(403, '<html>'), 'retry', 'uncertain'],
    ['408', answer(408, { no: true }), 'retry', 'uncertain'],
    ['5xx, even in the words of a refusal', answer(503, { no: true }), 'retry', 'uncertain'],
    ['a redirect', answer(307), 'retry', 'uncertain'],
    ['a success that cannot be read', answer(201, '{"id'), 'retry', 'uncertain'],
    ['a success without an id', answer(201, {}), 'retry', 'uncertain'],
  ])('%s', async (_, response, quietly, publicly) => {
    const call = asking(() => response);
    expect(await askQuietly(call, dialect, request, readId)).toMatchObject({ outcome: quietly });
    expect(refusedOrUncertain(call, dialect, response)).toMatchObject({ outcome: publicly });
  });

  it('takes no answer to a quiet step for a reason to try again', async () => {
    const call = asking(() => {
      throw new NoAnswerError(request, new Error('reset'));
    });
    expect(await askQuietly(call, dialect, request, readId)).toMatchObject({ outcome: 'retry' });
  });

  // Otherwise a maintenance of two hours uses up all tries in the first half hour of it.
  it.each([
    [503, undefined],
    [502, '<html>'],
    [403, '<html>'],
  ])('waits for a server that says when it is back: %d', async (status, body) => {
    const away = answer(status, body, { 'retry-after': '600' });
    const call = { ...asking(() => away), now: () => NOW };
    expect(await askQuietly(call, dialect, request, readId)).toMatchObject({
      outcome: 'wait-until',
      until: new Date(NOW.getTime() + 600_000),
      failure: { kind: 'unavailable', actor: 'platform' },
    });
    // What may have been published is asked about, whatever is said of when.
    expect(refusedOrUncertain(call, dialect, away)).toMatchObject({ outcome: 'uncertain' });
  });

  it('lets anything else rise: it is not about the platform', async () => {
    const call = asking(() => {
      throw new Error('deadline passed');
    });
    await expect(askQuietly(call, dialect, request, readId)).rejects.toThrow('deadline passed');
  });
});

group('the detail of a failure', () => {
  it('holds status, codes and messages', () => {
    const detail = describe(
      secrets,
      answer(400, { error: { code: 4, error_subcode: 7, message: 'Blocked' } }),
    );
    expect(detail).toBe('HTTP 400 code 4 · error_subcode 7 · message Blocked');
  });

  it('never holds the token or the text, wherever a platform repeats them', () => {
    const echo = {
      detail: `token sandbox-secret is bad`,
      errors: [
        { message: `text "What the author wrote" is bad`, parameters: { message: 'What the author' } },
        { code: 'X', input: { description: 'What the author' }, text: 'What the author' },
      ],
    };
    const detail = describe(secrets, answer(400, echo));
    expect(detail).toContain('is bad');
    expect(detail).not.toContain('sandbox-secret');
    expect(detail).not.toContain('What the author');
  });

  it('is short, and holds nothing of a page', () => {
    expect(describe(secrets, answer(400, { message: 'x'.repeat(5_000) })).length).toBeLessThan(320);
    expect(describe(secrets, answer(502, '<html>What the author wrote</html>'))).toBe('HTTP 502');
  });
});
