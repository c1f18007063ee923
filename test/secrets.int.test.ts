import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { unseal } from '@solospark/foundation';
import { eventually, startTestApp, type TestApp } from './support/app.ts';
import { openBrowser } from './support/browser.ts';
import { envOf, startProcess, type AppProcess } from './support/processes.ts';
import { freePort } from './support/queue.ts';

// A token gives access to an account, so it may be stored only sealed, in its row. Real processes with full logging connect
// accounts, publish, renew, get refusals and disconnect; then every log, answer and table is searched for every secret.

let app: TestApp;
let api: AppProcess;
let worker: AppProcess;
let url: string;
/** Every secret that must not be found, by its description. */
const secrets = new Map<string, string>();
const answers: string[] = [];

beforeAll(async () => {
  app = await startTestApp();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { ...envOf(app), PUBLIC_URL: url, PORT: String(port), LOG_LEVEL: 'trace' };
  [api, worker] = await Promise.all([startProcess('api', env), startProcess('worker', env)]);
  secrets.set('the API key', app.apiKey);
});
afterAll(async () => {
  for (const process of [api, worker]) {
    process.signal('SIGKILL');
    await process.exited;
  }
  await app.close();
});

const ask = async (method: string, path: string, body?: unknown) => {
  const answer = await fetch(`${url}/organizations/${app.organizationId}${path}`, {
    method,
    headers: { 'x-api-key': app.apiKey, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  answers.push(text);
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
};
/** Adds the credentials that the rows hold now to the secrets. */
const noteCredentials = async (when: string) => {
  const rows = await app.ctx.db.query<{ id: string; sealed: string }>(
    `SELECT id, sealed_credentials AS sealed FROM channel WHERE sealed_credentials <> ''`,
  );
  for (const { id, sealed } of rows) {
    const context = `organization:${app.organizationId} channel:${id}`;
    const credentials = JSON.parse(unseal(app.ctx.settings.keyring, sealed, context)) as Record<
      string,
      string
    >;
    for (const name of ['accessToken', 'refreshToken']) {
      const secret = credentials[name];
      if (secret !== undefined) secrets.set(`${name} of ${id} ${when}`, secret);
    }
  }
};
const post = async (text: string, channelIds: string[]) => {
  const { body } = await ask('POST', '/posts', { text, channelIds });
  expect((await ask('POST', `/posts/${body.id}/publish`)).status).toBe(202);
  return eventually(
    async () => (await ask('GET', `/posts/${body.id}`)).body as { status: string },
    ({ status }) => !['publishing', 'scheduled'].includes(status),
    'the post has ended',
  );
};
const arm = (platform: string, step: string, fault: string) =>
  app.sandbox('POST', '/faults', { platform, step, fault, account: 'ada', times: 1 });

describe('secrets', () => {
  it('are collected while accounts are connected, used, renewed, refused and disconnected', async () => {
    const password = 'sandbox-ada';
    secrets.set('the app password', password);
    const signIn = { platform: 'bluesky', identifier: 'ada.test', password, sandbox: true };
    const bluesky = (await ask('POST', '/connections/sign-in', signIn)).body.id as string;
    secrets.set('a wrong app password', 'sandbox-wrong-guess');
    expect(
      (await ask('POST', '/connections/sign-in', { ...signIn, password: 'sandbox-wrong-guess' })).status,
    ).toBe(422);

    const browser = openBrowser();
    const started = (await ask('POST', '/connections', { platform: 'x', sandbox: true })).body;
    secrets.set('the state', new URL(started.url).searchParams.get('state') ?? '');
    // This answer has to contain the state, so it is not searched.
    answers.pop();
    const consent = await browser.submit(await browser.open(started.url), {});
    const back = await browser.submit(consent, { handle: 'ada' }, { follow: false });
    const callback = new URL(back.headers.get('location') ?? '');
    secrets.set('the code', callback.searchParams.get('code') ?? '');
    expect((await browser.open(callback.href)).status).toBe(200);
    const x = (await ask('GET', `/connections/${started.id}`)).body.channelId as string;
    await noteCredentials('when connected');

    expect(await post('All is well', [bluesky, x])).toMatchObject({ status: 'published' });
    await arm('x', 'publish', 'expired-token');
    await arm('bluesky', 'publish', '5xx-before-commit');
    await arm('x', 'identity', '5xx-before-commit');
    expect(await post('In trouble', [bluesky, x])).toMatchObject({ status: 'published' });
    await noteCredentials('after a refusal');
    await app.sandbox('POST', '/clock', { offsetMs: 121 * 60_000 });
    expect(await post('After they had ended', [bluesky, x])).toMatchObject({ status: 'published' });
    await noteCredentials('renewed');
    await arm('x', 'publish', 'rejected');
    expect(await post('Refused', [x])).toMatchObject({ status: 'failed' });
    expect((await ask('DELETE', `/channels/${x}`)).status).toBe(200);
    await ask('GET', '/channels');
    await ask('GET', '/posts');
    expect(
      [...secrets.keys()].filter((name) => name.startsWith('refreshToken')).length,
    ).toBeGreaterThanOrEqual(4);
  });

  const findIn = (place: string) =>
    [...secrets].filter(([, secret]) => secret !== '' && place.includes(secret)).map(([name]) => name);

  it('are not in the logs', () => {
    const logs = api.output() + worker.output();
    expect(logs).toContain('"level":');
    expect(logs).toContain('credentials renewed');
    expect(findIn(logs)).toEqual([]);
  });

  it('are not in any answer of the API, errors included', () => {
    expect(answers.join('\n')).toContain('platform_refused');
    expect(findIn(answers.join('\n'))).toEqual([]);
  });

  it('are not unsealed in any table of the database, the tables of the queue included', async () => {
    const tables = await app.ctx.db.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    const names = tables.map(({ name }) => name);
    expect(names).toContain('public.channel');
    expect(names.some((name) => /bullmq/i.test(name))).toBe(true);
    let found = 0;
    for (const name of names) {
      const rows = await app.ctx.db.query(`SELECT * FROM ${name}`);
      found += rows.length;
      expect([name, findIn(JSON.stringify(rows))]).toEqual([name, []]);
    }
    expect(found).toBeGreaterThan(20);
  });
});
