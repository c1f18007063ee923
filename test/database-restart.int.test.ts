import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, secondsAhead, startTestApp, type TestApp } from './support/app.ts';

// PostgreSQL drops every connection, as in a restart or a fail-over. Neither clients of the API nor authors notice it.

let app: TestApp;
beforeAll(async () => {
  // Long, so that the number of tries is the limit and not the time, which depends on the machine.
  app = await startTestApp({ limits: { databasePatienceMs: 60_000 } });
  await app.startWorker();
});
afterAll(() => app.close());

const dropConnections = () =>
  app.ctx.db
    .query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    .catch(() => undefined);

describe('PostgreSQL drops every connection', () => {
  it('during requests: each request is answered, and carried out once', async () => {
    // Five drops, which is fewer than a request's tries: each request can be answered, however slow the machine is.
    let answered = 0;
    const ask = async (...request: Parameters<TestApp['request']>) => {
      const answer = await app.request(...request);
      answered += 1;
      if (answered % 15 === 0) await dropConnections();
      return answer;
    };
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const text = `Steady ${index}`;
        const created = await ask('POST', '/posts', { text, platforms: ['x'] });
        const path = `/posts/${created.body.id}`;
        const edited = await ask('PATCH', path, { text: `${text}, edited` });
        const scheduledAt = secondsAhead(3600);
        const scheduled = await ask('PUT', `${path}/schedule`, { scheduledAt });
        const deleted = await ask('DELETE', path);
        return [created.status, edited.status, scheduled.status, deleted.status];
      }),
    );
    for (const statuses of answers) expect(statuses).toEqual([201, 200, 200, 204]);
    const left = await app.request('GET', '/posts?limit=100');
    expect(left.body.data).toEqual([]);
  });

  it('during publishing: every post is published once, and none is shown as failed', async () => {
    await app.sandbox('POST', '/latency', { platform: 'x', ms: 100 });
    const texts = Array.from({ length: 15 }, (_, index) => `Through the restart ${index}`);
    const ids: string[] = [];
    for (const text of texts) {
      const post = (await app.request('POST', '/posts', { text, platforms: ['x'] })).body;
      await app.request('PUT', `/posts/${post.id}/schedule`, { scheduledAt: secondsAhead(2) });
      ids.push(post.id);
    }
    const breaking = setInterval(() => void dropConnections(), 500);
    const stop = setTimeout(() => clearInterval(breaking), 6_000);
    try {
      for (const id of ids) {
        await eventually(
          async () => (await app.request('GET', `/posts/${id}`)).body.status,
          (status) => status === 'published',
          'the post is published',
        );
      }
    } finally {
      clearTimeout(stop);
      clearInterval(breaking);
    }
    const shown = (await app.publicPosts('x')).map(({ text }) => text).sort();
    expect(shown).toEqual([...texts].sort());
  }, 120_000);
});
