import { describe as group, expect, it } from '@jest/globals';
import { callIdempotent, readRefusalOrUnclear, type Asking, type ErrorMapper } from '../src/answer.ts';
import { describe } from '../src/detail.ts';
import { NoAnswerError, type HttpResponse } from '../src/http.ts';
import { answer, NOW } from './answers.ts';

const secrets = { credentials: { accessToken: 'sandbox-secret' }, text: 'What the author wrote' };
/** The error mapper of a platform that documents exactly one refusal. */
const errors: ErrorMapper = {
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
    ['a documented refusal', answer(400, { no: true }), 'failed', 'failed'],
    ['an undocumented 4xx', answer(404, { hm: true }), 'failed', 'unclear'],
    ["a proxy's 4xx", answer(403, '<html>'), 'retry', 'unclear'],
    ['408', answer(408, { no: true }), 'retry', 'unclear'],
    ['5xx, even in the words of a refusal', answer(503, { no: true }), 'retry', 'unclear'],
    ['a redirect', answer(307), 'retry', 'unclear'],
    ['an unreadable success', answer(201, '{"id'), 'retry', 'unclear'],
    ['a success without an id', answer(201, {}), 'retry', 'unclear'],
  ])('%s', async (_, response, quietly, publicly) => {
    const call = asking(() => response);
    expect(await callIdempotent(call, errors, request, readId)).toMatchObject({ outcome: quietly });
    expect(readRefusalOrUnclear(call, errors, response)).toMatchObject({ outcome: publicly });
  });

  it('a missing answer to a quiet step is retried', async () => {
    const call = asking(() => {
      throw new NoAnswerError(request, new Error('reset'));
    });
    expect(await callIdempotent(call, errors, request, readId)).toMatchObject({ outcome: 'retry' });
  });

  // Otherwise a maintenance of two hours would use up all attempts in the first half hour.
  it.each([
    [503, undefined],
    [502, '<html>'],
    [403, '<html>'],
  ])('a server that says when it is back is waited for: %d', async (status, body) => {
    const away = answer(status, body, { 'retry-after': '600' });
    const call = { ...asking(() => away), now: () => NOW };
    expect(await callIdempotent(call, errors, request, readId)).toMatchObject({
      outcome: 'wait_until',
      until: new Date(NOW.getTime() + 600_000),
      failure: { kind: 'unavailable', actor: 'platform' },
    });
    // After the public call, the post is looked up, whatever Retry-After says.
    expect(readRefusalOrUnclear(call, errors, away)).toMatchObject({ outcome: 'unclear' });
  });

  it("other errors are rethrown, since they are not the platform's", async () => {
    const call = asking(() => {
      throw new Error('deadline passed');
    });
    await expect(callIdempotent(call, errors, request, readId)).rejects.toThrow('deadline passed');
  });
});

group('the detail of a failure', () => {
  it('has status, codes and messages', () => {
    const detail = describe(
      secrets,
      answer(400, { error: { code: 4, error_subcode: 7, message: 'Blocked' } }),
    );
    expect(detail).toBe('HTTP 400 code 4 · error_subcode 7 · message Blocked');
  });

  it('never has the token or the text, even if a platform repeats them', () => {
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

  it('is short, and has nothing from an HTML page', () => {
    expect(describe(secrets, answer(400, { message: 'x'.repeat(5_000) })).length).toBeLessThan(320);
    expect(describe(secrets, answer(502, '<html>What the author wrote</html>'))).toBe('HTTP 502');
  });
});
