import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { demoImage, eventually, startTestApp, type TestApp } from '../../../test/support/app.ts';

// The OpenAPI document is valid, its components have names, and its examples work unchanged.

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  example?: string;
  schema: { default?: unknown };
}

interface Media {
  schema: Schema;
  example?: unknown;
}

type Schema = { $ref?: string; properties?: Record<string, object>; title?: string; required?: string[] };

interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let api: TestApp;
let document: Document;
let operations: (Operation & { method: string; path: string })[];
const opened: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  api = await startTestApp();
  opened.push(() => api.close());
  document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );
});
afterAll(async () => {
  for (const dispose of opened.reverse()) await dispose();
});

describe('the OpenAPI document', () => {
  it('passes the strictest rules of Redocly', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      // /health/live has no 4xx answer.
      rules: { 'operation-4xx-response': 'off' },
    });
    const found = await lintFromString({
      source: JSON.stringify(document),
      absoluteRef: '/openapi.json',
      config,
    });
    expect(found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });

  it('has one component for each kind of object, and refers to it everywhere', () => {
    const names = Object.keys(document.components.schemas);
    expect(names).toEqual(
      expect.arrayContaining(
        'Channel Connection Delivery Failure Id Limits Media NewPost Platform Post PostPage Problem Readiness SignIn'.split(
          ' ',
        ),
      ),
    );
    expect(names).toEqual([...names].sort());
    const bodies = operations.flatMap(({ operationId, requestBody, responses }) =>
      [requestBody, ...Object.values(responses)].flatMap((body) =>
        Object.entries(body?.content ?? {}).map(([type, { schema }]) => ({ operationId, type, schema })),
      ),
    );
    const unnamed = bodies.filter(({ type, schema }) => type.includes('json') && schema.$ref === undefined);
    expect(unnamed).toEqual([]);
    expect(JSON.stringify(document.components.schemas['Post'])).toContain('#/components/schemas/Delivery');
  });

  it('requires no field that has a default, and requires each body', () => {
    const defaulted = operations.flatMap(({ operationId, parameters = [] }) =>
      parameters
        .filter(({ required, schema }) => required && schema.default !== undefined)
        .map(({ name }) => `${operationId} ${name}`),
    );
    expect(defaulted).toEqual([]);
    expect(operations.filter(({ requestBody }) => requestBody && requestBody.required !== true)).toEqual([]);
    const { NewPost, PostChange } = document.components.schemas;
    expect(NewPost?.required).toEqual(['text']);
    expect(PostChange?.required).toBeUndefined();
  });

  it('lists 408, 417 and 431 everywhere, and 413 and 415 where a body may be sent, as problems', () => {
    const missing = operations
      .filter(({ path }) => !path.startsWith('/health'))
      .flatMap(({ operationId, method, responses }) =>
        ['408', '417', '431', ...(method === 'GET' ? [] : ['413', '415'])]
          .filter((status) => !responses[status]?.content?.['application/problem+json'])
          .map((status) => `${operationId} ${status}`),
      );
    expect(missing).toEqual([]);
  });
});

/** Values for the ids in an operation's path: objects on which the operation succeeds. */
type Ids = Record<string, string>;

const draft = async (): Promise<Ids> => ({
  postId: (await api.request('POST', '/posts', { text: 'An example', platforms: ['mastodon'] })).body.id,
});
const media = async (): Promise<Ids> => ({
  mediaId: (await api.upload('a.jpg', await demoImage())).body.id,
});

/** Creates a post that has ended with this status, with its delivery. */
async function ended(status: 'failed' | 'uncertain'): Promise<Ids> {
  const { postId = '' } = await draft();
  await api.request('POST', `/posts/${postId}/publish`);
  // As a worker would write it.
  await api.ctx.db.query(
    `UPDATE delivery SET status = $2::delivery_status, next_attempt_at = NULL, failure_kind = 'unknown',
       failure_actor = 'user', failure_reason = 'An example.' WHERE post_id = $1`,
    [postId, status],
  );
  await api.ctx.db.query(`UPDATE post SET status = 'failed' WHERE id = $1`, [postId]);
  const post = (await api.request('GET', `/posts/${postId}`)).body;
  return { postId, deliveryId: post.deliveries[0].id };
}

const subjects: Record<string, () => Promise<Ids>> = {
  retryPost: () => ended('failed'),
  retryDelivery: () => ended('failed'),
  duplicatePost: () => ended('failed'),
  resolveDelivery: () => ended('uncertain'),
  getConnection: async () => ({
    connectionId: (await api.request('POST', '/connections', { platform: 'x', sandbox: true })).body.id,
  }),
  disconnectChannel: async () => ({
    channelId: (await api.request('POST', '/channels', { platform: 'x', handle: 'an-example' })).body.id,
  }),
};

function subjectOf({ operationId, path }: { operationId: string; path: string }): Promise<Ids> {
  const subject = subjects[operationId];
  if (subject) return subject();
  if (path.includes('{postId}')) return draft();
  return path.includes('{mediaId}') ? media() : Promise.resolve({});
}

describe('every example of the document', () => {
  it('exists: one at least for each operation that takes a body', () => {
    const without = operations.filter(
      ({ requestBody, method, path }) =>
        requestBody &&
        !(method === 'POST' && path.endsWith('/media')) &&
        requestBody.content['application/json']?.example === undefined,
    );
    expect(without.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('gets the documented success when it is sent unchanged to a stack with a sandbox', async () => {
    const publishing = await api.startWorker();
    opened.push(() => publishing.stop({ timeoutMs: 10_000 }));
    await eventually(
      async () => (await fetch(`${api.url}/health/ready`)).status,
      (status) => status === 200,
      'the stack is up',
    );
    const answers: unknown[] = [];
    for (const operation of operations) answers.push(await send(operation));
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter((answer) => answer !== 'as documented')).toEqual([]);
  }, 120_000);
});

async function send(operation: (typeof operations)[number]): Promise<unknown> {
  const { operationId, method, path, parameters = [], requestBody, responses } = operation;
  const ids = { organizationId: api.organizationId, ...(await subjectOf(operation)) };
  const url = new URL(
    api.url + path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name as keyof typeof ids]),
  );
  const headers: Record<string, string> = { 'x-api-key': api.apiKey };
  for (const { name, in: where, example } of parameters) {
    if (example === undefined) continue;
    if (where === 'query') url.searchParams.set(name, example);
    if (where === 'header') headers[name] = example;
  }
  // The query is a signature, which only comes with an answer.
  if (operationId === 'fetchMedia') {
    url.search = new URL(
      (await api.request('GET', `/media/${ids['mediaId' as keyof typeof ids]}`)).body.url,
    ).search;
  }
  let body: string | FormData | undefined;
  if (requestBody?.content['application/json']) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(requestBody.content['application/json'].example);
  } else if (requestBody) {
    body = new FormData();
    body.set('file', new Blob([await demoImage()]), 'a.jpg');
  }
  const answer = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
  const successes = Object.keys(responses).filter((status) => status.startsWith('2'));
  const text = await answer.text();
  return successes.includes(String(answer.status))
    ? 'as documented'
    : { operationId, status: answer.status, successes, text };
}
