import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { expectLinesWithEachKeyOnce } from './support/log-lines.ts';
import { launch, startProcess, type AppProcess } from './support/processes.ts';
import { freePort } from './support/queue.ts';

// After a mistake in the settings, an operator reads one sentence that names it. A stack trace does not help to correct a
// password.

let database: TestDatabase;
let taken: Server;
const processes: AppProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const process of processes.splice(0)) {
    process.signal('SIGKILL');
    await process.exited;
  }
});
afterAll(async () => {
  taken.close();
  await database.drop();
});

const good = () => ({
  DATABASE_URL: database.url,
  PUBLIC_URL: 'http://127.0.0.1:1',
  SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  MEDIA_SIGNING_KEY: randomBytes(32).toString('hex'),
  BETTER_AUTH_SECRET: randomBytes(32).toString('hex'),
  PORT: '0',
});
const withDatabase = (change: (url: URL) => void) => {
  const url = new URL(database.url);
  change(url);
  return url.href;
};

async function refused(app: 'api' | 'worker', env: Record<string, string>): Promise<string> {
  const process = launch(app, { ...good(), ...env });
  processes.push(process);
  const code = await process.exited;
  if (code !== 1) throw new Error(`${app} ended with ${code}, and had printed:\n${process.output()}`);
  expect(process.output()).not.toMatch(/\n\s+at .*\d+:\d+/);
  return process.output();
}

describe.each(['api', 'worker'] as const)('the %s', (app) => {
  it('names every invalid variable in one list, whatever the kind of mistake', async () => {
    const bad = {
      SEALING_KEYS: 'foo',
      DATABASE_URL: `${database.url}?schema=spark`,
      REDIS_URL: 'redis://127.0.0.1/prod',
      PUBLIC_URL: 'http://a b',
      SANDBOX_URL: 'http://',
      RATE_LIMITS: 'myspace.account=1/1',
      LINKEDIN_API_VERSION: 'latest',
      X_CLIENT_ID: 'half',
      MEDIA_S3_BUCKET: 'half',
      LOG_LEVEL: 'loud',
      SHUTDOWN_TIMEOUT_MS: '99999999999',
      ALLOW_PRIVATE_SERVERS: 'perhaps',
      MEDIA_SIGNING_KEY: 'short',
    };
    const output = await refused(app, bad);
    const named = [...Object.keys(bad), 'X_CLIENT_SECRET', 'MEDIA_S3_ENDPOINT'];
    // Of an incomplete pair, the missing variable is named.
    for (const name of named.filter((each) => !['X_CLIENT_ID', 'MEDIA_S3_BUCKET'].includes(each))) {
      expect(output).toContain(`  - ${name} `);
    }
    expect(output).toMatch(/SEALING_KEYS .*openssl rand/);
  });

  it.each([
    [
      'a wrong password',
      () => ({ DATABASE_URL: withDatabase((url) => (url.password = 'wrong')) }),
      'refuses the password',
    ],
    [
      'a database that does not exist',
      () => ({ DATABASE_URL: withDatabase((url) => (url.pathname = 'nowhere')) }),
      'does not exist',
    ],
    [
      'a database without our tables',
      () => ({ DATABASE_URL: withDatabase((url) => (url.pathname = 'postgres')) }),
      'npm run db:migrate',
    ],
    ['a URL in quotation marks', () => ({ DATABASE_URL: `"${database.url}"` }), 'quotation marks'],
    ['a CA without TLS', () => ({ REDIS_CA_FILE: '/etc/hostname' }), 'REDIS_CA_FILE'],
  ])('ends with one sentence about %s', async (_, env, sentence) => {
    expect(await refused(app, env())).toContain(sentence);
  });

  it('ignores white space around its settings', async () => {
    const padded = Object.entries(good()).map(([name, value]) => [name, ` ${value}\t `]);
    const process = await startProcess(app, Object.fromEntries(padded) as Record<string, string>);
    processes.push(process);
    process.signal('SIGTERM');
    expect(await process.exited).toBe(0);
  });

  it('waits for an unreachable database, and logs that without a stack trace or a duplicate key', async () => {
    const port = await freePort();
    const process = launch(app, {
      ...good(),
      DATABASE_URL: `postgresql://a:b@127.0.0.1:${port}/x`,
      LOG_LEVEL: 'debug',
    });
    processes.push(process);
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    expect(process.child.exitCode).toBeNull();
    process.signal('SIGTERM');
    expect(await process.exited).toBe(0);
    expect(process.output()).toContain('PostgreSQL cannot be reached');
    expect(process.output()).not.toMatch(/ECONNREFUSED[^\n]*\\n\s+at /);
    expectLinesWithEachKeyOnce(process.output());
  });
});

it('a server that needs seven seconds to refuse a password is not treated as unreachable', async () => {
  const slow = createServer((client) => {
    const server = connect(Number(new URL(database.url).port), '127.0.0.1');
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
    client.pipe(server);
    setTimeout(() => server.pipe(client), 7_000);
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const env = withDatabase((url) => {
    url.password = 'wrong';
    url.port = String((slow.address() as AddressInfo).port);
  });
  expect(await refused('worker', { DATABASE_URL: env })).toContain('refuses the password');
  slow.close();
});

it.each([
  ['a port that is in use', () => ({ PORT: String((taken.address() as AddressInfo).port) }), 'PORT'],
  ['an address of another machine', () => ({ HOST: '192.0.2.1' }), 'HOST'],
  ['a host name that does not exist', () => ({ HOST: 'no.such.host.invalid' }), 'HOST'],
])('the API ends with one sentence about %s', async (_, env, name) => {
  expect(await refused('api', env())).toContain(`  - ${name}: `);
});
