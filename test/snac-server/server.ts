import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/queue.ts';
import { program } from './install.mjs';

// Starts snac on loopback, with its own folder. Reading the files in that folder shows what is really public.

const HOST = '127.0.0.1';
/** snac refuses to run as root; then it runs as Debian's nobody and nogroup. */
const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface Account {
  name: string;
  password: string;
  remoteAccountId: string;
  handle: string;
  accessToken: string;
}

export interface Post {
  /** The address of the post, which is also its id. */
  url: string;
  /** The text that its author wrote. */
  text: string;
  /** The HTML that is shown. */
  html: string;
  mentions: string[];
  hashtags: string[];
  attachments: { url: string; altText: string; bytes: Buffer }[];
}

export type Server = Awaited<ReturnType<typeof startServer>>;

export async function startServer() {
  const directory = mkdtempSync(join(tmpdir(), 'solospark-snac-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  process.once('SIGTERM', () => process.exit(143));
  const snac = join(directory, 'snac');
  // The other user may not be able to read the folder where the program is installed.
  copyFileSync(program, snac);
  if (owner.uid !== undefined) chownSync(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const port = await freePort();
  const authority = `${HOST}:${port}`;
  const url = `http://${authority}`;

  /** Runs a command of snac. `answers` are for its questions, one on each line. */
  function command(args: string[], answers: string[] = []): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(snac, args, owner, (error, stdout, stderr) =>
        error ? reject(new Error(`snac ${args[0]}: ${stdout}${stderr}`, { cause: error })) : resolve(stdout),
      );
      child.stdin?.end(answers.map((answer) => `${answer}\n`).join(''));
    });
  }

  const [prefix, adminEmail] = ['', ''];
  await command(['init', data], [HOST, String(port), authority, prefix, adminEmail]);
  const settings = join(data, 'server.json');
  writeFileSync(settings, JSON.stringify({ ...readJson(settings), protocol: 'http' }));
  // The kernel ends it with this process, also when this process is killed.
  const httpd = spawn('setpriv', ['--pdeathsig', 'TERM', snac, 'httpd', data], { ...owner, stdio: 'ignore' });
  await untilAnswering(`${url}/api/v1/instance`, httpd);

  async function call(path: string, init: RequestInit): Promise<string> {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text;
  }

  return {
    url,
    async createAccount(name: string): Promise<Account> {
      const password = /password is (\S+)/.exec(await command(['adduser', data, name]))?.[1];
      if (password === undefined) throw new Error(`no password for ${name}`);
      const body = new URLSearchParams({ login: name, passwd: password });
      const accessToken = await call('/oauth/x-snac-get-token', { method: 'POST', body });
      const headers = { authorization: `Bearer ${accessToken}` };
      const { id } = JSON.parse(await call('/api/v1/accounts/verify_credentials', { headers }));
      return { name, password, remoteAccountId: id, handle: name, accessToken };
    },
    /** All posts of this account, oldest first, from the server's files. */
    posts({ name }: Account): Post[] {
      const index = join(data, 'user', name, 'private.idx');
      if (!existsSync(index)) return [];
      return readFileSync(index, 'utf8')
        .split('\n')
        .filter((hash) => hash !== '')
        .map((hash) => readJson(join(data, 'object', hash.slice(0, 2), `${hash}.json`)))
        .filter(({ type, attributedTo }) => type === 'Note' && attributedTo === `${url}/${name}`)
        .map((note) => postOf(note, join(data, 'user', name, 'static')));
    },
    /** Boosts the account's own post, as its author may do. */
    async boost({ accessToken, remoteAccountId }: Account): Promise<void> {
      const headers = { authorization: `Bearer ${accessToken}` };
      const [newest] = JSON.parse(await call(`/api/v1/accounts/${remoteAccountId}/statuses`, { headers }));
      await call(`/api/v1/statuses/${newest.id}/reblog`, { method: 'POST', headers });
    },
    /** Revokes all tokens of the account. */
    revokeTokens({ name }: Account): void {
      const folder = join(data, 'token');
      for (const file of readdirSync(folder)) {
        if (readJson(join(folder, file))['uid'] === name) rmSync(join(folder, file));
      }
    },
    async close(): Promise<void> {
      const ended = new Promise((resolve) => httpd.once('exit', resolve));
      httpd.kill();
      await ended;
    },
  };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a file as the server writes it
function readJson(path: string): any {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function postOf(note: ReturnType<typeof readJson>, files: string): Post {
  const namesOf = (type: string) =>
    note.tag.filter((tag: { type: string }) => tag.type === type).map((tag: { name: string }) => tag.name);
  return {
    url: note.id,
    text: note.sourceContent ?? '',
    html: note.content,
    mentions: namesOf('Mention'),
    hashtags: namesOf('Hashtag'),
    // Only uploaded images: a link to an image becomes an attachment, too.
    attachments: (note.attachment ?? [])
      .filter(({ url }: { url: string }) => url.startsWith(`${note.attributedTo}/s/`))
      .map(({ url, name }: { url: string; name: string }) => ({
        url,
        altText: name,
        bytes: readFileSync(join(files, url.split('/').at(-1) ?? '')),
      })),
  };
}

async function untilAnswering(url: string, server: ChildProcess): Promise<void> {
  for (const until = Date.now() + 15_000; Date.now() < until; await delay(50)) {
    if (server.exitCode !== null) throw new Error(`snac ended with ${server.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error('snac did not answer within 15 s');
}
