import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, waitUntil, type Sandbox } from './harness.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('reset', {}));

const tweet = (text: string, account = 'ann') => sandbox.send('/x/2/tweets', { account, json: { text } });

describe('the oracle', () => {
  it('lists public posts, newest first, filtered by platform and account', async () => {
    for (const account of ['ann', 'bob']) for (const text of ['One', 'Two']) await tweet(text, account);
    const all = (await sandbox.control('posts')).json;
    expect(all.total).toBe(4);
    expect(all.posts[0]).toEqual({
      platform: 'x',
      account: 'bob',
      id: expect.stringMatching(/^\d+$/),
      url: expect.stringMatching(new RegExp(`^${sandbox.url}/x/bob/status/\\d+$`)),
      viewUrl: expect.stringMatching(new RegExp(`^${sandbox.url}/_sandbox/view/x/\\d+$`)),
      text: 'Two',
      mediaCount: 0,
      media: [],
      settings: {},
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    const texts = async (query: string) =>
      (await sandbox.control(`posts?${query}`)).json.posts.map((post: { text: string }) => post.text);
    expect(await texts('platform=x&account=ann')).toEqual(['Two', 'One']);
    expect(await texts('account=ann&limit=1')).toEqual(['Two']);
    expect(await texts('platform=linkedin')).toEqual([]);
  });

  it('returns one post, or 404', async () => {
    const { id } = (await tweet('One')).json.data;
    expect((await sandbox.control(`posts/x/${id}`)).json.post.text).toBe('One');
    expect((await sandbox.control(`posts/linkedin/${id}`)).status).toBe(404);
  });

  it('counts the calls that arrived, by step, also those whose answer was lost', async () => {
    await sandbox.control('faults', { platform: 'x', step: 'publish', fault: 'drop-before-commit' });
    await tweet('One').catch(() => undefined);
    await tweet('One');
    await sandbox.send('/x/2/users/me', { account: 'bob' });
    await sandbox.send('/x/2/users/me', { token: 'other' });
    expect((await sandbox.control('requests')).json.requests).toEqual({ publish: 2, identity: 2 });
    expect((await sandbox.control('requests?platform=x&account=ann')).json.requests).toEqual({ publish: 2 });
    expect((await sandbox.control('requests?platform=linkedin')).json.requests).toEqual({});
  });
});

describe('the control API', () => {
  it('delays every call of one platform, before anything is published', async () => {
    await sandbox.control('latency', { platform: 'x', ms: 400 });
    const startedAt = performance.now();
    const pending = tweet('Slow');
    await waitUntil(async () => (await sandbox.control('requests')).json.requests.publish === 1);
    expect(await sandbox.publicPosts('x', 'ann')).toEqual([]);
    expect((await pending).status).toBe(201);
    expect(performance.now() - startedAt).toBeGreaterThan(390);

    const otherStartedAt = performance.now();
    await sandbox.send('/linkedin/v2/userinfo', { account: 'ann' });
    expect(performance.now() - otherStartedAt).toBeLessThan(390);
  });

  it('publishes a delayed post although its caller has disconnected', async () => {
    await sandbox.control('latency', { platform: 'x', ms: 300 });
    await expect(
      sandbox.send('/x/2/tweets', { account: 'ann', json: { text: 'Late' }, timeoutMs: 100 }),
    ).rejects.toThrow();
    await waitUntil(async () => (await sandbox.publicPosts('x', 'ann')).length === 1);
  });

  it('moves the clock, which dates new posts, and reset restores it', async () => {
    const moved = (await sandbox.control('clock', { offsetMs: 86_400_000 })).json;
    expect(moved.offsetMs).toBe(86_400_000);
    await tweet('Tomorrow');
    const [post] = await sandbox.publicPosts('x', 'ann');
    expect(Date.parse(post.createdAt) - Date.now()).toBeGreaterThan(86_000_000);
    await sandbox.control('reset', {});
    expect((await sandbox.control('clock')).json.offsetMs).toBe(0);
  });

  it('keeps ids rising when the clock is set back', async () => {
    await sandbox.control('clock', { offsetMs: 86_400_000 });
    const later = BigInt((await tweet('Later')).json.data.id);
    await sandbox.control('clock', { offsetMs: 0 });
    expect(BigInt((await tweet('Earlier')).json.data.id)).toBe(later + 1n);
  });

  it('clears posts, faults, latency, counts and settings on reset', async () => {
    await tweet('One');
    await sandbox.control('faults', { platform: 'x', step: 'publish', fault: 'rejected' });
    await sandbox.control('latency', { platform: 'x', ms: 5 });
    await sandbox.control('settings', { platform: 'x', callsPerWindow: 1 });
    await sandbox.control('reset', {});
    expect((await sandbox.control('posts')).json.total).toBe(0);
    expect((await sandbox.control('faults')).json.faults).toEqual([]);
    expect((await sandbox.control('latency')).json.latencyMs).toEqual({});
    expect((await sandbox.control('requests')).json.requests).toEqual({});
    expect((await sandbox.control('settings')).json.settings.x.callsPerWindow).toBe(100_000);
    expect((await tweet('One')).status).toBe(201);
  });

  it('disarms all faults on DELETE', async () => {
    await sandbox.control('faults', { platform: 'x', step: 'publish', fault: 'rejected', times: 3 });
    expect((await sandbox.control('faults')).json.faults).toMatchObject([
      { fault: 'rejected', times: 3, left: 3 },
    ]);
    expect((await sandbox.send('/_sandbox/faults', { method: 'DELETE' })).json).toEqual({ cleared: 1 });
    expect((await tweet('One')).status).toBe(201);
  });
});

describe('400 for bad input names the field and the rule:', () => {
  const fault = { platform: 'x', step: 'publish', fault: 'rejected' };
  it.each([
    ['faults', {}, /^platform: is required$/],
    ['faults', { ...fault, platform: 'myspace' }, /^platform: must be one of x, instagram, linkedin, /],
    ['faults', { ...fault, step: 'post' }, /^step: must be one of identity, /],
    ['faults', { ...fault, fault: 'explode' }, /^fault: must be one of drop-before-commit, /],
    ['faults', { ...fault, times: 0 }, /^times: must be >= 1$/],
    ['faults', { ...fault, times: '2' }, /^times: must be integer$/],
    ['faults', { ...fault, account: 'No Such' }, /^account: must match pattern /],
    ['faults', { ...fault, colour: 'red' }, /^colour: is not a known field$/],
    ['faults', { ...fault, status: 404 }, /^status: must be >= 500$/],
    [
      'faults',
      { ...fault, step: 'container' },
      /^step: x has no container; it has identity, upload, append, finalize, status, publish/,
    ],
    [
      'faults',
      { ...fault, fault: 'processing-failed' },
      /^fault: x publish cannot play processing-failed; it can play drop-before-commit, /,
    ],
    [
      'faults',
      { ...fault, platform: 'linkedin', fault: 'truncated-body' },
      /^fault: linkedin publish cannot play truncated-body; /,
    ],
    ['latency', { platform: 'x', ms: -1 }, /^ms: must be >= 0$/],
    ['latency', { platform: 'x' }, /^ms: is required$/],
    ['clock', { offsetMs: 'tomorrow' }, /^offsetMs: must be integer$/],
    ['clock', { offsetMs: 1e300 }, /^offsetMs: must be /],
    ['settings', { platform: 'x', colour: 'red' }, /^colour: is not a known field$/],
    ['withdrawals', { platform: 'x' }, /^account: is required$/],
    ['withdrawals', { platform: 'x', account: 'No Such' }, /^account: must match pattern /],
    [
      'withdrawals',
      { platform: 'bluesky', account: 'ann' },
      /^platform: bluesky has no consent that could be withdrawn$/,
    ],
    ['settings', { platform: 'instagram', pollsUntilReady: -1 }, /^pollsUntilReady: must be >= 0$/],
  ])('%s %j', async (path, body, sentence) => {
    const reply = await sandbox.control(path, body);
    expect(reply.status).toBe(400);
    expect(reply.json.error).toMatch(sentence);
  });

  it.each([
    ['posts?platform=myspace', /^platform: must be one of/],
    ['posts?limit=0', /^limit: must match pattern/],
    ['posts?colour=red', /^colour: is not a known field$/],
    ['requests?account=No%20Such', /^account: must match pattern/],
    ['accounts/myspace/ann', /^platform: must be one of/],
  ])('%s', async (path, sentence) => {
    const reply = await sandbox.control(path);
    expect(reply.status).toBe(400);
    expect(reply.json.error).toMatch(sentence);
  });

  it('a body that is not JSON', async () => {
    const headers = { 'content-type': 'application/json' };
    const reply = await sandbox.send('/_sandbox/faults', { headers, body: '{' });
    expect(reply.status).toBe(400);
    expect(reply.json.error).toEqual(expect.any(String));
  });
});

it('the sandbox closes while a call hangs and another is delayed, and leaves no timer that keeps the process alive', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const timersBefore = timers();
  const other = await startSandbox();
  await other.control('faults', { platform: 'x', step: 'publish', fault: 'commit-then-hang' });
  await other.control('latency', { platform: 'linkedin', ms: 60_000 });
  const calls = [
    other.send('/x/2/tweets', { account: 'ann', json: { text: 'One' } }),
    other.send('/linkedin/v2/userinfo', { account: 'ann' }),
  ];
  await waitUntil(async () => Object.keys((await other.control('requests')).json.requests).length === 2);
  const startedAt = performance.now();
  await Promise.all([other.close(), Promise.allSettled(calls)]);
  expect(performance.now() - startedAt).toBeLessThan(5000);
  await waitUntil(async () => timers() <= timersBefore);
}, 10_000);
