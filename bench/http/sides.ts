import { reservePort } from '../../test/chaos/servers.ts';
import { baselineTable } from '../baselines/three-steps.ts';
import { benchScript, startChild, type Child } from '../child.ts';
import type { Installation } from '../installation.ts';
import { textOf } from '../platform/contract.ts';
import { POOL_SIZE, type Servers } from '../servers.ts';
import type { Load } from './load.ts';

/** An API with enough drafts for one run. */
export interface Side {
  name: string;
  start(): Promise<Child>;
  loads: { [request: string]: Pick<Load, 'port' | 'method' | 'path' | 'headers' | 'ids' | 'body'> };
}

export const SCHEDULE = 'PUT /posts/:id/schedule';
export const CREATE = 'POST /posts';
/** Only for the floor: our POST of a draft adds no job. */
export const CREATE_WITHOUT_JOB = 'POST /posts, floor without a job';
export const FLOOR = 'bare Fastify';

const DRAFTS = 20_000;
const scheduleBody = JSON.stringify({ scheduledAt: ':instant' });

export async function openOurs(installation: Installation, nodeArgs: string[]): Promise<Side> {
  const { sql, organizationId, channels, apiKey } = installation;
  const port = await reservePort();
  const headers = { 'x-api-key': apiKey };
  const base = `/organizations/${organizationId}/posts`;
  const createBody = JSON.stringify({ text: textOf(1), channelIds: [channels[0]?.id] });
  const ids: string[] = [];
  return {
    name: 'SoloSpark',
    async start() {
      await sql('TRUNCATE post, delivery, attempt, post_media');
      const rows = await sql<{ id: string }>(
        `WITH posts AS (
           INSERT INTO post (id, organization_id, text)
           SELECT gen_random_uuid(), $1, $2 FROM generate_series(1, $4) RETURNING id
         )
         INSERT INTO delivery (post_id, channel_id, platform) SELECT id, $3, 'linkedin' FROM posts
         RETURNING post_id AS id`,
        [organizationId, textOf(1), channels[0]?.id, DRAFTS],
      );
      await sql('ANALYZE post, delivery');
      ids.splice(0, ids.length, ...rows.map(({ id }) => id));
      return (await installation.startApi(port, nodeArgs)).child;
    },
    loads: {
      [SCHEDULE]: { port, headers, method: 'PUT', path: `${base}/:id/schedule`, ids, body: scheduleBody },
      [CREATE]: { port, headers, method: 'POST', path: base, ids: [], body: createBody },
    },
  };
}

export async function openFloor(servers: Servers, logs: string): Promise<Side> {
  const sql = servers.baselineSql;
  const port = await reservePort();
  const ids: string[] = [];
  await sql(baselineTable);
  await sql('CREATE SEQUENCE IF NOT EXISTS floor_ids');
  const createBody = JSON.stringify({ text: textOf(1) });
  const create = { port, headers: {}, method: 'POST' as const, ids: [], body: createBody };
  return {
    name: FLOOR,
    async start() {
      await sql('TRUNCATE job_post');
      const rows = await sql<{ id: string }>(
        `INSERT INTO job_post (id, token, text, status, due_at)
         SELECT nextval('floor_ids'), '', $1, 'draft', now() FROM generate_series(1, $2) RETURNING id`,
        [textOf(1), DRAFTS],
      );
      await sql('ANALYZE job_post');
      ids.splice(0, ids.length, ...rows.map(({ id }) => id));
      return startFloor(servers, logs, port);
    },
    loads: {
      [SCHEDULE]: { port, headers: {}, method: 'PUT', path: '/posts/:id/schedule', ids, body: scheduleBody },
      [CREATE]: { ...create, path: '/posts' },
      [CREATE_WITHOUT_JOB]: { ...create, path: '/drafts' },
    },
  };
}

export function startFloor(servers: Servers, logs: string, port: number): Promise<Child> {
  return startChild({
    name: 'floor',
    script: benchScript('http/bare-floor'),
    env: {
      PORT: String(port),
      DATABASE_URL: servers.baselineUrl,
      REDIS_URL: servers.redis.url,
      POOL_SIZE: String(POOL_SIZE),
    },
    logs,
  });
}
