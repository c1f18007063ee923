import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '@solospark/db';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { demoImage, secondsAhead, startTestApp, type TestApp } from '../../../test/support/app.ts';
import {
  startPostgresProxy,
  type PostgresProxy,
  type ProxyMode,
} from '../../../test/support/postgres-proxy.ts';
import { buildApp } from '../src/app.ts';

// A request waits once for an unreachable database, for about five seconds in total: nested retries do not multiply.

/** The tries of one request, and one more to record its failure. */
const MOST_TRIES = 8;
/** Building an API takes a while, so some routes share one. All their tries together stay below 49. */
const ROUTES_PER_API = 4;
/** Five seconds of waiting, half a second to detect a silent server, and a margin for a busy machine. */
const MOST_MS = 9_500;
/** An upload is read and rendered before it asks the database, which takes seconds on a busy machine. */
const UPLOAD_MS = 8_000;

const unknownId = '00000000-0000-4000-8000-000000000000';
const bodies: Record<string, object> = {
  'POST /posts': { text: 'a', platforms: ['x'] },
  'PATCH /posts/{postId}': { text: 'b' },
  'PUT /posts/{postId}/schedule': { scheduledAt: secondsAhead(3600) },
  'POST /posts/{postId}/deliveries/{deliveryId}/resolve': { outcome: 'published' },
  'PATCH /media/{mediaId}': { altText: 'a' },
  'POST /channels': { platform: 'x', handle: 'another' },
  'POST /connections': { platform: 'mastodon', sandbox: true },
  'POST /connections/sign-in': {
    platform: 'bluesky',
    identifier: 'ada.test',
    password: 'sandbox-ada',
    sandbox: true,
  },
};

interface Route {
  method: string;
  /** As in the OpenAPI document. */
  path: string;
  url: string;
}

/** An API whose database is behind a proxy of its own, for a few routes. */
interface ProxiedApi {
  routes: Route[];
  url: string;
  proxy: PostgresProxy;
}

let api: TestApp;
const proxiedApis: ProxiedApi[] = [];
const opened: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  api = await startTestApp();
  opened.push(() => api.close());
  const routes = await listRoutes();
  for (let at = 0; at < routes.length; at += ROUTES_PER_API) {
    proxiedApis.push(await startProxiedApi(routes.slice(at, at + ROUTES_PER_API)));
  }
  // Opens the pool's connections, as in an API that has run for a while.
  await Promise.all(proxiedApis.flatMap((proxied) => proxied.routes.map((route) => ask(proxied, route))));
}, 300_000);
afterAll(async () => {
  for (const dispose of opened.reverse()) await dispose();
});

async function listRoutes(): Promise<Route[]> {
  const post = (await api.request('POST', '/posts', { text: 'A', platforms: ['x'] })).body;
  const media = (await api.upload('a.jpg', await demoImage())).body;
  const ids: Record<string, string> = {
    organizationId: api.organizationId,
    postId: post.id,
    deliveryId: post.deliveries[0].id,
    channelId: api.channelOn('linkedin'),
    mediaId: media.id,
    connectionId: unknownId,
  };
  const { paths } = (await (await fetch(`${api.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path,
      url: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? unknownId),
    })),
  );
  const link = new URL(media.url);
  return [
    ...documented.map((route) =>
      route.path === '/media/{mediaId}' ? { ...route, url: link.pathname + link.search } : route,
    ),
    { method: 'GET', path: '/connections/start', url: '/connections/start?state=a' },
    { method: 'GET', path: '/connections/callback', url: '/connections/callback?state=a&code=b' },
  ];
}

async function startProxiedApi(routes: Route[]): Promise<ProxiedApi> {
  // The query for the API key must succeed, so that the fault hits the use case.
  const proxy = await startPostgresProxy(api.databaseUrl, (sql) => !/apikey|^SET|^BEGIN|^ROLLBACK/.test(sql));
  opened.push(() => proxy.close());
  const db = openDatabase({ url: proxy.url, maxConnections: ROUTES_PER_API });
  opened.push(() => db.close());
  const app = await buildApp({ ...api.ctx, db });
  opened.push(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { routes, proxy, url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` };
}

async function ask({ url }: ProxiedApi, route: Route): Promise<number> {
  const body = bodies[`${route.method} ${route.path.replace('/organizations/{organizationId}', '')}`];
  const headers = { 'x-api-key': api.apiKey, ...(body && { 'content-type': 'application/json' }) };
  const init = { method: route.method, headers, ...(body && { body: JSON.stringify(body) }) };
  // An upload needs a valid form to get as far as the database.
  if (route.path.endsWith('/media') && route.method === 'POST') {
    const form = new FormData();
    form.set('file', new Blob([await demoImage()]), 'a.jpg');
    return statusOf(await fetch(url + route.url, { method: 'POST', headers, body: form }));
  }
  return statusOf(await fetch(url + route.url, init));
}

/** Reads the whole body: an unread one keeps its connection open, and the test run alive. */
async function statusOf(answer: Response): Promise<number> {
  await answer.arrayBuffer();
  return answer.status;
}

/** Routes that use no database, apart from the check of the key. */
const needsNone = ['GET /health/live', 'GET /organizations/{organizationId}/platforms'];

async function askAll(mode: ProxyMode) {
  for (const { proxy } of proxiedApis) proxy.reset(mode);
  const answers = await Promise.all(
    proxiedApis.flatMap((proxied) =>
      proxied.routes.map(async (route) => {
        const startedAt = performance.now();
        const status = await ask(proxied, route);
        return { route: `${route.method} ${route.path}`, status, tookMs: performance.now() - startedAt };
      }),
    ),
  );
  expect(answers.length).toBeGreaterThan(20);
  const mostMs = (route: string) => MOST_MS + (route.endsWith('/media') ? UPLOAD_MS : 0);
  expect(answers.filter(({ route, tookMs }) => tookMs > mostMs(route))).toEqual([]);
  for (const { routes, proxy } of proxiedApis) {
    expect(proxy.statements).toBeLessThanOrEqual(MOST_TRIES * routes.length);
    expect(proxy.connections).toBeLessThanOrEqual(MOST_TRIES * routes.length);
  }
  return answers.filter(({ route }) => mode === 'refusing' || !needsNone.includes(route));
}

describe('every route', () => {
  it.each([
    ['refuses connections', 'refusing'],
    ['breaks the connection of every statement', 'breaking'],
    ['does not answer', 'silent'],
  ] as const)('waits once for a database that %s, and answers 503', async (_, mode) => {
    const answers = await askAll(mode);
    const others = answers.filter(({ status, route }) => status !== 503 && route !== 'GET /health/live');
    expect(others).toEqual([]);
  });

  it('waits once for a table that is locked for long', async () => {
    const session = new pg.Client({ connectionString: api.databaseUrl });
    await session.connect();
    try {
      await session.query(
        'BEGIN; LOCK TABLE post, delivery, channel, media, connection, stray_file, platform_app, worker_heartbeat',
      );
      const answers = await askAll('open');
      expect(answers.filter(({ status }) => status !== 503)).toEqual([]);
      // The server has also ended the statements that took too long.
      const { rows } = await session.query(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(rows).toEqual([{ waiting: 0 }]);
    } finally {
      await session.end();
    }
  });

  it('works again when the database is back', async () => {
    const answers = await askAll('open');
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });
});
