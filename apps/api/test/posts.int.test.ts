import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  secondsAhead,
  startTestApp,
  type Answer,
  type TestApp,
} from '../../../test/support/app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.close());

const draft = async (overrides: object = {}) => {
  const created = await api.request('POST', '/posts', { text: 'Hello', platforms: ['x'], ...overrides });
  expect(created.status).toBe(201);
  return created.body;
};
const scheduled = async (overrides: object = {}, seconds = 3600) => {
  const post = await draft(overrides);
  const answer = await api.request('PUT', `/posts/${post.id}/schedule`, {
    scheduledAt: secondsAhead(seconds),
  });
  expect(answer.status).toBe(200);
  return answer.body;
};
const expectProblem = (answer: Answer, status: number, code: string, pointer?: string) => {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.body.code).toBe(code);
  expect(answer.body.status).toBe(status);
  expect(answer.body.detail).toMatch(/\w{3}/);
  if (pointer !== undefined) {
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  }
};
const unknownId = '00000000-0000-4000-8000-000000000000';

describe('POST /posts', () => {
  it('finds a post by its id in either case', async () => {
    const post = (await api.request('POST', '/posts', { text: 'Any case' })).body as { id: string };
    expect((await api.request('GET', `/posts/${post.id.toUpperCase()}`)).status).toBe(200);
  });

  it('201 creates a draft with every active channel of the platforms, and the channel texts that were given', async () => {
    const x = api.channelOn('x');
    const post = await draft({ platforms: ['x', 'linkedin'], channelTexts: { [x]: 'Short' } });
    expect(post.status).toBe('draft');
    expect(post.revision).toBe(1);
    expect(
      post.deliveries.map((d: { platform: string; text: string | null }) => [d.platform, d.text]),
    ).toEqual([
      ['linkedin', null],
      ['x', 'Short'],
    ]);
  });
  it('201 does not mix up the contents of concurrent calls', async () => {
    const wanted = Array.from({ length: 24 }, (_, at) => {
      const platforms = ['x', 'instagram', 'linkedin'].slice(0, at % 4);
      return { text: `Number ${at}`, platforms, lateLimitMinutes: at % 2 === 0 ? null : at };
    });
    const answers = await Promise.all(wanted.map((body) => api.request('POST', '/posts', body)));
    const written = answers.map(({ body }) => ({
      text: body.text,
      platforms: body.deliveries.map(({ platform }: { platform: string }) => platform),
      lateLimitMinutes: body.lateLimitMinutes,
    }));
    expect(written).toEqual(
      wanted.map((post) => ({ ...post, platforms: post.platforms.toSorted((a, b) => (a < b ? -1 : 1)) })),
    );
  });

  it('400 refuses a wrong type, with a pointer to it', async () => {
    expectProblem(await api.request('POST', '/posts', { text: 7 }), 400, 'invalid_request', '/text');
  });
  it('400 refuses a missing text', async () => {
    expectProblem(await api.request('POST', '/posts', {}), 400, 'invalid_request', '/text');
  });
  it('400 refuses an unknown field', async () => {
    const answer = await api.request('POST', '/posts', { text: 'a', txet: 'b' });
    expectProblem(answer, 400, 'invalid_request', '/txet');
  });
  it('400 refuses broken JSON', async () => {
    expectProblem(await api.request('POST', '/posts', '{"text":'), 400, 'malformed_json');
  });
  it('400 refuses an empty body', async () => {
    expectProblem(await api.request('POST', '/posts', ''), 400, 'malformed_json');
  });
  it('413 refuses an oversize body', async () => {
    const answer = await api.request('POST', '/posts', { text: 'a'.repeat(300 * 1024) });
    expectProblem(answer, 413, 'payload_too_large');
  });
  it('415 refuses another content type', async () => {
    const answer = await api.request('POST', '/posts', 'text=a', { 'content-type': 'text/csv' });
    expectProblem(answer, 415, 'unsupported_content_type');
  });
  it('422 refuses text that cannot be stored unchanged', async () => {
    for (const text of ['a\\u0000b', 'half a \\ud83d pair']) {
      const answer = await api.request('POST', '/posts', `{"text":"${text}"}`);
      expectProblem(answer, 422, 'invalid_post', '/text');
    }
  });
  it('422 refuses an unknown channel, platform or media, with a pointer to each', async () => {
    const answer = await api.request('POST', '/posts', {
      text: 'a',
      channelIds: [unknownId],
      platforms: ['nowhere'],
      mediaIds: [unknownId],
    });
    for (const pointer of ['/channelIds/0', '/platforms/0', '/mediaIds/0']) {
      expectProblem(answer, 422, 'invalid_post', pointer);
    }
  });
});

describe('the API key', () => {
  const get = (path: string, headers: Record<string, string>) => fetch(api.url + path, { headers });
  it('401 when it is missing', async () => {
    const answer = await get(`/organizations/${api.organizationId}/posts`, {});
    expect(answer.status).toBe(401);
    expect(((await answer.json()) as { code: string }).code).toBe('unauthorized');
    expect(answer.headers.get('www-authenticate')).toContain('ApiKey');
  });
  it('401 when it is unknown', async () => {
    const answer = await get(`/organizations/${api.organizationId}/posts`, { 'x-api-key': 'ss_wrong' });
    expect(answer.status).toBe(401);
  });
  it("404 for another organization's id, as for an unknown one", async () => {
    const answer = await get('/organizations/another/posts', { 'x-api-key': api.apiKey });
    expect(answer.status).toBe(404);
    expect(((await answer.json()) as { code: string }).code).toBe('organization_not_found');
  });
});

describe('GET /posts', () => {
  it('200 pages newest first without repeating or skipping', async () => {
    for (let i = 0; i < 5; i += 1) await draft({ text: `page ${i}` });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Answer = await api.request('GET', `/posts?limit=2${query}`);
      expect(page.status).toBe(200);
      seen.push(...page.body.data.map((post: { id: string }) => post.id));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(seen.length);
    const all = await api.request('GET', '/posts?limit=100');
    expect(seen).toEqual(all.body.data.map((post: { id: string }) => post.id));
  });
  it('200 filters by status and by time', async () => {
    const post = await scheduled({}, 400 * 24 * 3600);
    const from = encodeURIComponent(secondsAhead(399 * 24 * 3600));
    const found = await api.request('GET', `/posts?status=scheduled&from=${from}`);
    expect(found.body.data.map(({ id }: { id: string }) => id)).toEqual([post.id]);
    const none = await api.request('GET', `/posts?status=draft&from=${from}`);
    expect(none.body.data).toEqual([]);
  });
  it('400 refuses an unknown status, a wrong limit and a time without offset', async () => {
    expectProblem(await api.request('GET', '/posts?status=lost'), 400, 'invalid_request', '/status');
    expectProblem(await api.request('GET', '/posts?limit=0'), 400, 'invalid_request', '/limit');
    expectProblem(await api.request('GET', '/posts?from=2026-01-01'), 400, 'invalid_request', '/from');
  });
  it('400 refuses a forged cursor', async () => {
    expectProblem(await api.request('GET', '/posts?cursor=abc'), 400, 'invalid_cursor');
  });
});

describe('GET /posts/:postId', () => {
  it('200 answers the post and its ETag', async () => {
    const post = await draft();
    const answer = await api.request('GET', `/posts/${post.id}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['etag']).toMatch(/^"1-[\w-]{22}"$/);
    expect(answer.body).toEqual(post);
  });
  it('404 for an unknown id', async () => {
    expectProblem(await api.request('GET', `/posts/${unknownId}`), 404, 'post_not_found');
  });
  it('400 for an id that cannot be one', async () => {
    expectProblem(await api.request('GET', '/posts/7'), 400, 'invalid_request', '/postId');
  });
});

describe('PUT /posts/:postId/schedule', () => {
  it('200 schedules, and answers that the alarm is set', async () => {
    const post = await scheduled();
    expect(post.status).toBe('scheduled');
    expect(post.alarm).toBe('set');
    expect(post.scheduleJobId).toBe(`post-${post.id}-r2`);
    const job = await api.ctx.queues.find({ job: 'post-due', id: post.scheduleJobId });
    expect(job?.state).toBe('delayed');
  });
  it('200 reschedules: the old alarm is removed, exactly one is left', async () => {
    const post = await scheduled();
    const moved = await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(7200) });
    expect(moved.status).toBe(200);
    expect(moved.body.scheduleJobId).not.toBe(post.scheduleJobId);
    expect(await api.ctx.queues.find({ job: 'post-due', id: post.scheduleJobId })).toBeNull();
    const job = await api.ctx.queues.find({ job: 'post-due', id: moved.body.scheduleJobId });
    expect(job?.runAt.toISOString()).toBe(moved.body.scheduledAt);
  });
  it('200 changes nothing when the same call is repeated, also with another offset', async () => {
    const post = await scheduled();
    const local = post.scheduledAt.replace('Z', '+00:00');
    const again = await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: local });
    expect(again.status).toBe(200);
    expect(again.body).toEqual(post);
  });
  it('400 refuses a time without an offset', async () => {
    const post = await draft();
    const answer = await api.request('PUT', `/posts/${post.id}/schedule`, {
      scheduledAt: '2027-01-01T09:00:00',
    });
    expectProblem(answer, 400, 'invalid_request', '/scheduledAt');
    expect(answer.body.errors).toMatchObject([
      { code: 'offset', detail: expect.stringMatching(/has no offset/) },
    ]);
  });
  it.each([
    ['2027-02-30T09:00:00Z', 'calendar', /day that does not exist: February 2027 has the days 01 to 28/],
    ['2027-06-30T23:59:60Z', 'calendar', /leap second/],
    ['2027-06-30T24:00:00Z', 'calendar', /midnight is 00:00:00 of the day after/],
    ['2027-06-30T09:00:00+0100', 'offset', /written as \+01:00/],
    ['2027-06-30', 'format', /no time of day/],
    ['next Monday', 'format', /RFC 3339/],
  ])('400 refuses the time %s and says why, in a schedule and in a filter', async (text, code, words) => {
    const post = await draft();
    const answers = [
      await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: text }),
      await api.request('GET', `/posts?from=${encodeURIComponent(text)}`),
      await api.request('GET', `/posts?to=${encodeURIComponent(text)}`),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(400);
      expect(body.errors).toMatchObject([{ code, detail: expect.stringMatching(words) }]);
      expect(body.detail).toMatch(words);
    }
  });
  it('422 refuses the past and the far future', async () => {
    const post = await draft();
    for (const scheduledAt of [secondsAhead(-1), secondsAhead(3 * 366 * 24 * 3600)]) {
      const answer = await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt });
      expectProblem(answer, 422, 'invalid_schedule', '/scheduledAt');
    }
    const after = await api.request('GET', `/posts/${post.id}`);
    expect(after.body).toEqual(post);
  });
  it('422 refuses a post that breaks a rule of its platform, and names the rule', async () => {
    const post = await draft({ text: 'a'.repeat(281) });
    const answer = await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(60) });
    expectProblem(answer, 422, 'invalid_post', '/text');
  });
  it('422 refuses a post without a channel', async () => {
    const post = await draft({ platforms: undefined });
    const answer = await api.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(60) });
    expectProblem(answer, 422, 'invalid_post', '/channelIds');
  });
  it('200 when the same call is repeated with its first If-Match', async () => {
    const post = await draft();
    const call = { scheduledAt: secondsAhead(3600) };
    const first = await api.request('PUT', `/posts/${post.id}/schedule`, call, { 'if-match': '"1"' });
    const again = await api.request('PUT', `/posts/${post.id}/schedule`, call, { 'if-match': '"1"' });
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
  });
  it('412 refuses a change with the If-Match of an older revision', async () => {
    const post = await scheduled();
    const answer = await api.request(
      'PUT',
      `/posts/${post.id}/schedule`,
      { scheduledAt: secondsAhead(60) },
      { 'if-match': '"1"' },
    );
    expectProblem(answer, 412, 'revision_mismatch');
  });
  it('404 for an unknown post', async () => {
    const answer = await api.request('PUT', `/posts/${unknownId}/schedule`, {
      scheduledAt: secondsAhead(60),
    });
    expectProblem(answer, 404, 'post_not_found');
  });
});

describe('taking a post off the schedule', () => {
  it('200 DELETE …/schedule removes the alarm', async () => {
    const post = await scheduled();
    const answer = await api.request('DELETE', `/posts/${post.id}/schedule`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      status: 'draft',
      scheduledAt: null,
      scheduleJobId: null,
      alarm: null,
    });
    expect(await api.ctx.queues.find({ job: 'post-due', id: post.scheduleJobId })).toBeNull();
  });
  it('200 PATCH with status draft removes the alarm', async () => {
    const post = await scheduled();
    const answer = await api.request('PATCH', `/posts/${post.id}`, { status: 'draft' });
    expect(answer.body).toMatchObject({ status: 'draft', scheduledAt: null, scheduleJobId: null });
    expect(await api.ctx.queues.find({ job: 'post-due', id: post.scheduleJobId })).toBeNull();
  });
  it('204 DELETE removes the alarm and the post', async () => {
    const post = await scheduled();
    const answer = await api.request('DELETE', `/posts/${post.id}`);
    expect(answer.status).toBe(204);
    expect(await api.ctx.queues.find({ job: 'post-due', id: post.scheduleJobId })).toBeNull();
    expectProblem(await api.request('GET', `/posts/${post.id}`), 404, 'post_not_found');
  });
});

describe('PATCH /posts/:postId', () => {
  it('200 edits a scheduled post and moves its alarm to the new revision', async () => {
    const post = await scheduled();
    const answer = await api.request('PATCH', `/posts/${post.id}`, { text: 'Edited' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ text: 'Edited', status: 'scheduled', scheduledAt: post.scheduledAt });
    expect(answer.body.revision).toBe(post.revision + 1);
    expect(await api.ctx.queues.find({ job: 'post-due', id: post.scheduleJobId })).toBeNull();
    expect(await api.ctx.queues.find({ job: 'post-due', id: answer.body.scheduleJobId })).not.toBeNull();
  });
  it('200 changes the channels of the post', async () => {
    const post = await draft();
    const answer = await api.request('PATCH', `/posts/${post.id}`, {
      channelIds: [api.channelOn('linkedin')],
    });
    expect(answer.body.deliveries.map((d: { platform: string }) => d.platform)).toEqual(['linkedin']);
  });
  it('400 refuses an empty change and a status that cannot be set', async () => {
    const post = await draft();
    expectProblem(await api.request('PATCH', `/posts/${post.id}`, {}), 400, 'invalid_request');
    const answer = await api.request('PATCH', `/posts/${post.id}`, { status: 'published' });
    expectProblem(answer, 400, 'invalid_request', '/status');
  });
  it('422 refuses an edit with which a scheduled post could not be published, and changes nothing', async () => {
    const post = await scheduled();
    const answer = await api.request('PATCH', `/posts/${post.id}`, { text: 'a'.repeat(300) });
    expectProblem(answer, 422, 'invalid_post', '/text');
    expect((await api.request('GET', `/posts/${post.id}`)).body).toEqual(post);
  });
  it('412 refuses an edit of an older revision, 400 an If-Match that is not an ETag', async () => {
    const post = await scheduled();
    const edit = { text: 'late' };
    expectProblem(
      await api.request('PATCH', `/posts/${post.id}`, edit, { 'if-match': '"1"' }),
      412,
      'revision_mismatch',
    );
    expectProblem(
      await api.request('PATCH', `/posts/${post.id}`, edit, { 'if-match': 'x' }),
      400,
      'invalid_request',
    );
  });
});

describe('POST /posts/:postId/publish, without a worker', () => {
  it('202 fires at once, cancels the schedule, and locks the post', async () => {
    const post = await scheduled();
    const answer = await api.request('POST', `/posts/${post.id}/publish`);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ status: 'publishing', scheduledAt: null, scheduleJobId: null });
    // The request waits half a second for the queue at most; the alarm is removed in any case.
    await eventually(
      () => api.ctx.queues.find({ job: 'post-due', id: post.scheduleJobId }),
      (alarm) => alarm === null,
      'the alarm is gone',
    );
    const tooLate: [string, string, unknown?][] = [
      ['PATCH', `/posts/${post.id}`, { text: 'late' }],
      ['DELETE', `/posts/${post.id}`],
      ['PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(60) }],
      ['DELETE', `/posts/${post.id}/schedule`],
      ['POST', `/posts/${post.id}/publish`],
    ];
    for (const [method, path, body] of tooLate) {
      expectProblem(await api.request(method, path, body), 409, 'post_locked');
    }
  });
  it('422 refuses what the platform would refuse', async () => {
    const post = await draft({ platforms: ['instagram'] });
    expectProblem(await api.request('POST', `/posts/${post.id}/publish`), 422, 'invalid_post', '/media');
  });
});

describe('other requests', () => {
  it('404 for a route that does not exist', async () => {
    expectProblem(await api.request('GET', '/nothing'), 404, 'route_not_found');
  });
  it('400 for a path that cannot be decoded and for an id in another notation, 415 for plain text', async () => {
    expectProblem(await api.request('GET', '/posts/%ff'), 400, 'invalid_request');
    const text = await api.request('POST', '/posts', 'hello', { 'content-type': 'text/plain' });
    expectProblem(text, 415, 'unsupported_content_type');
    const urn = await api.request('GET', `/posts/urn:uuid:${unknownId}`);
    expectProblem(urn, 400, 'invalid_request', '/postId');
  });
  it('400 for a leap second in a filter, and for cursors out of range', async () => {
    expectProblem(await api.request('GET', '/posts?to=2026-12-31T23:59:60Z'), 400, 'invalid_request', '/to');
    const cursor = Buffer.from(`-271821-04-20T00:00:00.000Z ${unknownId}`).toString('base64url');
    expectProblem(await api.request('GET', `/posts?cursor=${cursor}`), 400, 'invalid_cursor');
  });
  it('200 for /health/live, and /health/ready says that no worker runs', async () => {
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
    const ready = await fetch(`${api.url}/health/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'degraded', database: 'up', worker: 'down' });
  });
  it('200 for /openapi.json, which is OpenAPI 3.1 and documents every answer that this suite has seen', async () => {
    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
    };
    expect(document.openapi).toMatch(/^3\.1/);
    const schedule = document.paths['/organizations/{organizationId}/posts/{postId}/schedule'];
    expect(Object.keys(schedule?.['put']?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '400', '401', '404', '409', '412', '422']),
    );
    expect((await fetch(`${api.url}/docs`)).status).toBe(200);
  });
});
