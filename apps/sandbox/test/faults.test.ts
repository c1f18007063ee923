import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  blueskyPost,
  linkedinPost,
  putRecord,
  restHeaders,
  startSandbox,
  startWeb,
  type Reply,
  type Sandbox,
  type SentRequest,
} from './harness.ts';

let sandbox: Sandbox;
let web: Awaited<ReturnType<typeof startWeb>>;
beforeAll(async () => {
  sandbox = await startSandbox();
  web = await startWeb();
});
afterAll(async () => {
  await sandbox.close();
  await web.close();
});
beforeEach(() => sandbox.control('reset', {}));

type Publish = (account: string, text: string, options?: SentRequest) => Promise<Reply>;

async function createContainer(account: string, caption: string): Promise<string> {
  const userId = await sandbox.idOf('instagram', account);
  const json = { image_url: `${web.url}/photo.jpg`, caption };
  const { id } = (await sandbox.send(`/instagram/${userId}/media`, { account, json })).json;
  await sandbox.send(`/instagram/${id}?fields=status_code`, { account });
  return id;
}

/** The publish call of each platform, with all preparation done. */
const publishers: Record<string, Publish> = {
  x: (account, text, options) => sandbox.send('/x/2/tweets', { account, json: { text }, ...options }),
  instagram: async (account, text, options) => {
    const json = { creation_id: await createContainer(account, text) };
    const userId = await sandbox.idOf('instagram', account);
    return sandbox.send(`/instagram/${userId}/media_publish`, { account, json, ...options });
  },
  linkedin: async (account, text, options) =>
    sandbox.send('/linkedin/rest/posts', {
      account,
      json: linkedinPost(await sandbox.idOf('linkedin', account), text),
      headers: restHeaders,
      ...options,
    }),
  bluesky: async (account, text, options) =>
    sandbox.send('/bluesky/xrpc/com.atproto.repo.putRecord', {
      account,
      json: putRecord(await sandbox.idOf('bluesky', account), blueskyPost(text)),
      ...options,
    }),
  mastodon: (account, status, options) =>
    sandbox.send('/mastodon/api/v1/statuses', { account, json: { status }, ...options }),
};
const unauthorizedStatus: Record<string, number> = {
  x: 401,
  instagram: 400,
  linkedin: 401,
  bluesky: 400,
  mastodon: 401,
};
const limitedStatus: Record<string, number> = {
  x: 429,
  instagram: 400,
  linkedin: 429,
  bluesky: 429,
  mastodon: 429,
};
const rejectedStatus: Record<string, number> = {
  x: 403,
  instagram: 400,
  linkedin: 400,
  bluesky: 400,
  mastodon: 422,
};

async function arm(platform: string, fault: string, more: Record<string, unknown> = {}) {
  const reply = await sandbox.control('faults', { platform, step: 'publish', fault, ...more });
  expect(reply.status).toBe(201);
}
const countPublic = async (platform: string, account = 'ann') =>
  (await sandbox.publicPosts(platform, account)).length;

describe.each(Object.keys(publishers))('%s: a fault of the publish call', (platform) => {
  const publish: Publish = (account, text, options) => {
    const call = publishers[platform];
    if (!call) throw new Error(`no way to publish on ${platform}`);
    return call(account, text, options);
  };

  it('applies the given number of times, and the next call is normal', async () => {
    await arm(platform, '5xx-before-commit', { times: 2 });
    expect([(await publish('ann', 'A')).status, (await publish('ann', 'A')).status]).toEqual([503, 503]);
    expect((await publish('ann', 'A')).status).toBeLessThan(300);
    expect(await countPublic(platform)).toBe(1);
    expect((await sandbox.control('faults')).json.faults).toEqual([]);
  });

  it('commit-then-drop: the post is public, and no byte is answered', async () => {
    await arm(platform, 'commit-then-drop');
    await expect(publish('ann', 'A')).rejects.toThrow('fetch failed');
    expect(await countPublic(platform)).toBe(1);
  });

  it('commit-then-5xx: the post is public, and the given status is answered', async () => {
    await arm(platform, 'commit-then-5xx', { status: 502 });
    expect((await publish('ann', 'A')).status).toBe(502);
    expect(await countPublic(platform)).toBe(1);
  });

  it('commit-then-hang: the post is public at once, and the answer comes after ms', async () => {
    await arm(platform, 'commit-then-hang', { ms: 300 });
    const startedAt = performance.now();
    expect((await publish('ann', 'A')).status).toBeLessThan(300);
    expect(performance.now() - startedAt).toBeGreaterThan(290);

    await arm(platform, 'commit-then-hang');
    await expect(publish('ann', 'B', { timeoutMs: 300 })).rejects.toThrow();
    expect(await countPublic(platform)).toBe(2);
  });

  it('drop-before-commit: nothing is public, and no byte is answered', async () => {
    await arm(platform, 'drop-before-commit');
    await expect(publish('ann', 'A')).rejects.toThrow('fetch failed');
    expect(await countPublic(platform)).toBe(0);
  });

  it('hang-before-commit: nothing is public, and 504 is answered after ms', async () => {
    await arm(platform, 'hang-before-commit', { ms: 200 });
    const startedAt = performance.now();
    expect((await publish('ann', 'A')).status).toBe(504);
    expect(performance.now() - startedAt).toBeGreaterThan(190);
    expect(await countPublic(platform)).toBe(0);
  });

  it('rate-limited: nothing is public, and the refusal is in the platform’s format', async () => {
    await arm(platform, 'rate-limited', { retryAfterSeconds: 120 });
    const reply = await publish('ann', 'A');
    expect(reply.status).toBe(limitedStatus[platform]);
    expect(reply.json).toBeDefined();
    expect(await countPublic(platform)).toBe(0);
    expect(reply.headers.get('retry-after')).toBeNull();
    if (platform === 'x') {
      const resetsInMs = Number(reply.headers.get('x-rate-limit-reset')) * 1000 - Date.now();
      expect(resetsInMs).toBeGreaterThan(115_000);
      expect(resetsInMs).toBeLessThan(122_000);
      expect(reply.headers.get('x-rate-limit-remaining')).toBe('0');
    }
    if (platform === 'mastodon') {
      expect(reply.headers.get('x-ratelimit-reset')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      const resetsInMs = Date.parse(reply.headers.get('x-ratelimit-reset') ?? '') - Date.now();
      expect(resetsInMs).toBeGreaterThan(115_000);
      expect(resetsInMs).toBeLessThan(122_000);
      expect(reply.headers.get('x-ratelimit-remaining')).toBe('0');
    }
    if (platform === 'instagram') {
      expect(reply.json.error.code).toBe(4);
      const [usage] = Object.values(JSON.parse(reply.headers.get('x-business-use-case-usage') ?? '')).flat();
      expect(usage).toMatchObject({ call_count: 100, estimated_time_to_regain_access: 2 });
    }
    if (platform === 'bluesky') {
      const resetsInMs = Number(reply.headers.get('ratelimit-reset')) * 1000 - Date.now();
      expect(resetsInMs).toBeGreaterThan(100_000);
      expect(resetsInMs).toBeLessThan(122_000);
      expect(reply.headers.get('ratelimit-remaining')).toBe('0');
    }
  });

  it('rate-limited-bare: nothing is public, and the answer is HTML without a retry header', async () => {
    await arm(platform, 'rate-limited-bare');
    const reply = await publish('ann', 'A');
    expect(reply.status).toBe(429);
    expect(reply.headers.get('content-type')).toMatch(/^text\/html/);
    expect([...reply.headers.keys()].filter((name) => /rate|retry|usage/.test(name))).toEqual([]);
    expect(await countPublic(platform)).toBe(0);
  });

  it('expired-token: nothing is public, and the refusal is in the platform’s format', async () => {
    await arm(platform, 'expired-token');
    const reply = await publish('ann', 'A');
    expect(reply.status).toBe(unauthorizedStatus[platform]);
    if (platform === 'instagram') expect(reply.json.error).toMatchObject({ code: 190, error_subcode: 463 });
    if (platform === 'linkedin') expect(reply.json.serviceErrorCode).toBe(65602);
    if (platform === 'bluesky') expect(reply.json.error).toBe('ExpiredToken');
    expect(await countPublic(platform)).toBe(0);
  });

  it('rejected: nothing is public, and a permanent 4xx is answered', async () => {
    await arm(platform, 'rejected');
    const reply = await publish('ann', 'A');
    expect(reply.status).toBe(rejectedStatus[platform]);
    expect(await countPublic(platform)).toBe(0);
  });

  it('delayed-visibility: the oracle shows the post at once, also when the answer is lost', async () => {
    await arm(platform, 'delayed-visibility', { ms: 60_000 });
    await arm(platform, 'commit-then-drop');
    await expect(publish('ann', 'A')).rejects.toThrow('fetch failed');
    expect(await countPublic(platform)).toBe(1);
    expect((await sandbox.control('faults')).json.faults).toEqual([]);
  });

  it('applies to the account that it names, or to the first caller when it names none', async () => {
    await arm(platform, '5xx-before-commit', { account: 'bob' });
    expect((await publish('ann', 'A')).status).toBeLessThan(300);
    expect((await publish('bob', 'A')).status).toBe(503);
    await arm(platform, '5xx-before-commit');
    expect((await publish('ann', 'B')).status).toBe(503);
    expect(await countPublic(platform, 'bob')).toBe(0);
  });

  it('after the commit is not used up by a refused call', async () => {
    await arm(platform, 'commit-then-drop');
    expect((await publish('ann', 'A', { json: { nonsense: true } })).status).toBeGreaterThanOrEqual(400);
    expect((await sandbox.control('faults')).json.faults).toHaveLength(1);
    await expect(publish('ann', 'B')).rejects.toThrow('fetch failed');
    expect(await countPublic(platform)).toBe(1);
  });

  it('lets `after` calls pass, and applies to the next', async () => {
    await arm(platform, '5xx-before-commit', { after: 2 });
    const statuses: number[] = [];
    for (const text of ['A', 'B', 'C', 'D']) statuses.push((await publish('ann', text)).status);
    expect(statuses.map((status) => status === 503)).toEqual([false, false, true, false]);
    expect(await countPublic(platform)).toBe(3);
  });

  it('applies to exactly one of two concurrent calls', async () => {
    await arm(platform, '5xx-before-commit');
    const replies = await Promise.all(['A', 'B', 'C'].map((text) => publish('ann', text)));
    expect(replies.filter((reply) => reply.status === 503)).toHaveLength(1);
    expect(await countPublic(platform)).toBe(2);
  });
});

describe('faults of some platforms', () => {
  it.each(['x', 'instagram', 'bluesky', 'mastodon'])(
    '%s: truncated-body answers a 2xx with truncated JSON, and the post is public',
    async (platform) => {
      await arm(platform, 'truncated-body');
      const reply = await publishers[platform]?.('ann', 'A');
      expect(reply?.status).toBeLessThan(300);
      expect(reply?.text.length).toBeGreaterThan(0);
      expect(reply?.json).toBeUndefined();
      expect(await countPublic(platform)).toBe(1);
    },
  );

  it('instagram: commit-then-refused answers 4/2207051, and the post is public, as its container tells', async () => {
    await arm('instagram', 'commit-then-refused');
    const id = await createContainer('ann', 'A');
    const userId = await sandbox.idOf('instagram', 'ann');
    const reply = await sandbox.send(`/instagram/${userId}/media_publish`, {
      account: 'ann',
      json: { creation_id: id },
    });
    expect([reply.status, reply.json.error.code, reply.json.error.error_subcode]).toEqual([400, 4, 2207051]);
    const status = await sandbox.send(`/instagram/${id}?fields=status_code`, { account: 'ann' });
    expect(status.json.status_code).toBe('PUBLISHED');
    expect(await countPublic('instagram')).toBe(1);
  });

  it('instagram: processing-failed makes a container that ends in ERROR and cannot be published', async () => {
    await sandbox.control('faults', { platform: 'instagram', step: 'container', fault: 'processing-failed' });
    const id = await createContainer('ann', 'A');
    const status = await sandbox.send(`/instagram/${id}?fields=status_code,status`, { account: 'ann' });
    expect(status.json.status_code).toBe('ERROR');
    expect(status.json.status).toMatch(/\d{7}$/);
    const userId = await sandbox.idOf('instagram', 'ann');
    const reply = await sandbox.send(`/instagram/${userId}/media_publish`, {
      account: 'ann',
      json: { creation_id: id },
    });
    expect(reply.json.error).toMatchObject({ code: -1, error_subcode: 2207032 });
    expect(await countPublic('instagram')).toBe(0);
  });

  it('instagram: a rejected status answers 100/33 the given number of times', async () => {
    const id = await createContainer('ann', 'A');
    await sandbox.control('faults', { platform: 'instagram', step: 'status', fault: 'rejected', times: 2 });
    const read = async () =>
      (await sandbox.send(`/instagram/${id}?fields=status_code`, { account: 'ann' })).json;
    expect((await read()).error).toMatchObject({ code: 100, error_subcode: 33 });
    expect((await read()).error).toMatchObject({ code: 100, error_subcode: 33 });
    expect((await read()).status_code).toBe('FINISHED');
  });
});

describe('delayed-visibility hides the post from every list and lookup until its time', () => {
  const hours = 3_600_000;

  it('x', async () => {
    await arm('x', 'delayed-visibility', { ms: hours });
    const { id } = (await publishers['x']?.('ann', 'A'))?.json.data ?? {};
    const userId = await sandbox.idOf('x', 'ann');
    const list = async () =>
      (await sandbox.send(`/x/2/users/${userId}/tweets`, { account: 'ann' })).json.meta;
    const lookup = async () => (await sandbox.send(`/x/2/tweets/${id}`, { account: 'ann' })).json;
    expect([(await list()).result_count, (await lookup()).data]).toEqual([0, undefined]);
    await sandbox.control('clock', { offsetMs: hours });
    expect([(await list()).result_count, (await lookup()).data.id]).toEqual([1, id]);
  });

  it('instagram', async () => {
    await arm('instagram', 'delayed-visibility', { ms: hours });
    const { id } = (await publishers['instagram']?.('ann', 'A'))?.json ?? {};
    const list = async () => (await sandbox.send('/instagram/me/media', { account: 'ann' })).json.data.length;
    const lookup = async () => (await sandbox.send(`/instagram/${id}`, { account: 'ann' })).status;
    expect([await list(), await lookup()]).toEqual([0, 400]);
    await sandbox.control('clock', { offsetMs: hours });
    expect([await list(), await lookup()]).toEqual([1, 200]);
  });

  it('mastodon', async () => {
    await arm('mastodon', 'delayed-visibility', { ms: hours });
    const { id } = (await publishers['mastodon']?.('ann', 'A'))?.json ?? {};
    const userId = await sandbox.idOf('mastodon', 'ann');
    const path = `/mastodon/api/v1/accounts/${userId}/statuses`;
    const list = async () => (await sandbox.send(path, { account: 'ann' })).json.length;
    const lookup = async () =>
      (await sandbox.send(`/mastodon/api/v1/statuses/${id}`, { account: 'ann' })).status;
    expect([await list(), await lookup()]).toEqual([0, 404]);
    await sandbox.control('clock', { offsetMs: hours });
    expect([await list(), await lookup()]).toEqual([1, 200]);
  });

  it('linkedin', async () => {
    await arm('linkedin', 'delayed-visibility', { ms: hours });
    await publishers['linkedin']?.('org-acme', 'A');
    const author = encodeURIComponent(await sandbox.idOf('linkedin', 'org-acme'));
    const list = async () =>
      (
        await sandbox.send(`/linkedin/rest/posts?q=author&author=${author}`, {
          account: 'org-acme',
          headers: restHeaders,
        })
      ).json.elements.length;
    expect(await list()).toBe(0);
    await sandbox.control('clock', { offsetMs: hours });
    expect(await list()).toBe(1);
  });

  it('bluesky, but a second putRecord finds it', async () => {
    await arm('bluesky', 'delayed-visibility', { ms: hours });
    const repo = await sandbox.idOf('bluesky', 'ann');
    const json = { ...putRecord(repo, blueskyPost('A')), swapRecord: null };
    await publishers['bluesky']?.('ann', 'A', { json });
    const query = `repo=${repo}&collection=app.bsky.feed.post`;
    const list = async () =>
      (await sandbox.send(`/bluesky/xrpc/com.atproto.repo.listRecords?${query}`, { account: 'ann' })).json
        .records.length;
    const lookup = async () =>
      (
        await sandbox.send(`/bluesky/xrpc/com.atproto.repo.getRecord?${query}&rkey=${json.rkey}`, {
          account: 'ann',
        })
      ).status;
    expect([await list(), await lookup()]).toEqual([0, 400]);
    expect((await publishers['bluesky']?.('ann', 'A', { json }))?.json.commit).toBeUndefined();
    await sandbox.control('clock', { offsetMs: hours });
    expect([await list(), await lookup()]).toEqual([1, 200]);
    expect(await countPublic('bluesky')).toBe(1);
  });
});
