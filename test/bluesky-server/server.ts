import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverFolder } from './install.mjs';

// Starts Bluesky's own server and its account directory in this process, on loopback, without any network.

const HOST = '127.0.0.1';

export interface Account {
  did: string;
  handle: string;
  accessJwt: string;
}

export interface Entry {
  uri: string;
  cid: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a record as the server stores it
  value: any;
}

export type Server = Awaited<ReturnType<typeof startServer>>;

export async function startServer() {
  // Installed outside of the workspace, so their types are not available here.
  const load = createRequire(join(serverFolder, 'package.json'));
  const plc = load('@did-plc/server');
  const pds = load('@atproto/pds');
  const directory = mkdtempSync(join(tmpdir(), 'solospark-bluesky-'));
  const [dataDirectory, blobstoreDiskLocation] = [join(directory, 'data'), join(directory, 'blobs')];
  for (const each of [dataDirectory, blobstoreDiskLocation]) mkdirSync(each);
  const [plcPort, port] = [await freePort(), await freePort()];
  const secrets = { jwtSecret: secret(), adminPassword: secret() };

  const accounts = plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort });
  onLoopbackOnly(accounts.app);
  await accounts.start();
  const env = {
    ...secrets,
    plcRotationKeyK256PrivateKeyHex: secret(),
    devMode: true,
    port,
    hostname: 'localhost',
    dataDirectory,
    blobstoreDiskLocation,
    didPlcUrl: `http://localhost:${plcPort}`,
    serviceHandleDomains: ['.test'],
    inviteRequired: false,
    disableSsrfProtection: true,
    // The server's default rate limits, as on the public servers.
    rateLimitsEnabled: true,
    // Required settings that are never used.
    bskyAppViewUrl: 'http://localhost:1',
    bskyAppViewDid: 'did:web:localhost',
    bskyAppViewCdnUrlPattern: 'http://localhost:1/%s/%s/%s',
    modServiceUrl: 'http://localhost:1',
    modServiceDid: 'did:web:localhost',
  };
  const server = await pds.PDS.create(pds.envToCfg(env), pds.envToSecrets(env));
  onLoopbackOnly(server.app);
  await server.start();
  const url = `http://${HOST}:${port}`;

  async function call(path: string, request: { json?: unknown; authorization?: string } = {}) {
    const { json, authorization } = request;
    const response = await fetch(`${url}/xrpc/${path}`, {
      method: json === undefined ? 'GET' : 'POST',
      headers: {
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  return {
    url,
    async createAccount(name: string): Promise<Account> {
      const json = { handle: `${name}.test`, email: `${name}@solospark.invalid`, password: secret() };
      return call('com.atproto.server.createAccount', { json });
    },
    /** Creates an app password, as an author does in the settings. */
    async createAppPassword({ accessJwt }: Account): Promise<string> {
      const authorization = `Bearer ${accessJwt}`;
      const json = { name: 'SoloSpark' };
      return (await call('com.atproto.server.createAppPassword', { json, authorization })).password;
    },
    /** Writes records until the rate limit is used up: 5,000 points per hour, three for each record. */
    async useUpAllowance({ did, accessJwt }: Account): Promise<void> {
      const authorization = `Bearer ${accessJwt}`;
      for (let left = 5_000; left >= 2;) {
        const count = Math.max(1, Math.min(200, Math.floor(left / 3)));
        const value = { $type: 'app.bsky.feed.post', text: 'x', createdAt: new Date().toISOString() };
        const write = {
          $type: 'com.atproto.repo.applyWrites#create',
          collection: 'app.bsky.feed.post',
          value,
        };
        const json = { repo: did, writes: Array.from({ length: count }, () => write) };
        try {
          await call('com.atproto.repo.applyWrites', { json, authorization });
        } catch (error) {
          if (String(error).includes('RateLimitExceeded')) return;
          throw error;
        }
        left -= count * 3;
      }
    },
    /** All posts in the account's repository, from the server's own list. */
    async posts({ did }: Account): Promise<Entry[]> {
      const entries: Entry[] = [];
      for (let cursor = ''; ;) {
        const query = new URLSearchParams({ repo: did, collection: 'app.bsky.feed.post', limit: '100' });
        if (cursor !== '') query.set('cursor', cursor);
        const page = await call(`com.atproto.repo.listRecords?${query.toString()}`);
        entries.push(...page.records);
        if (page.records.length === 0 || !page.cursor) return entries;
        cursor = page.cursor;
      }
    },
    /** An expired token, signed as the server signs. */
    expiredTokenOf({ did }: Account): string {
      const now = Math.floor(Date.now() / 1_000);
      const claims = {
        scope: 'com.atproto.access',
        aud: 'did:web:localhost',
        sub: did,
        iat: now - 9_000,
        exp: now - 60,
      };
      const signed = [{ typ: 'at+jwt', alg: 'HS256' }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      return `${signed}.${createHmac('sha256', secrets.jwtSecret).update(signed).digest('base64url')}`;
    },
    async takeDown({ did }: Account): Promise<void> {
      const subject = { $type: 'com.atproto.admin.defs#repoRef', did };
      const authorization = `Basic ${Buffer.from(`admin:${secrets.adminPassword}`).toString('base64')}`;
      const json = { subject, takedown: { applied: true, ref: 'test' } };
      await call('com.atproto.admin.updateSubjectStatus', { json, authorization });
    },
    async close(): Promise<void> {
      await server.destroy();
      await accounts.destroy();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const secret = () => randomBytes(32).toString('hex');

/** Makes an app listen on loopback; by default both listen on every address. */
function onLoopbackOnly(app: { listen: (...args: unknown[]) => unknown }): void {
  const listen = app.listen.bind(app);
  app.listen = (port) => listen(port, HOST);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, HOST, resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
