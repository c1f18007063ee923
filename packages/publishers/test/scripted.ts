import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@solospark/foundation';
import { createHttpClient } from '../src/http.ts';
import type { Identity, LookUpCall, PublishCall, PublishMedia, Evidence } from '../src/publisher.ts';
import type { Settings } from '../src/draft.ts';
import { jpegDraft, NOW } from './answers.ts';

// A server on a real socket that answers each request as the test says, for answers that the sandbox cannot play.

export interface Script {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON, a text unchanged. */
  body?: unknown;
  /** The connection ends after this many bytes of the body. */
  cutAfter?: number;
}

export interface ScriptedServer {
  origin: string;
  /** Sets the answers from now on. */
  answer(script: (request: IncomingMessage) => Script): void;
  /** `<method> <path>` of each request since the last `answer`. */
  asked: string[];
  close(): Promise<void>;
}

export async function serveScript(): Promise<ScriptedServer> {
  let script: (request: IncomingMessage) => Script = () => ({ status: 500 });
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    request.on('error', () => undefined);
    request.resume();
    request.on('end', () => {
      asked.push(`${request.method} ${(request.url ?? '').split('?')[0]}`);
      write(response, script(request));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer(next) {
      script = next;
      asked.length = 0;
    },
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function write(response: ServerResponse, { status, headers = {}, body, cutAfter }: Script): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = Buffer.from(text);
  const type = typeof body === 'object' ? { 'content-type': 'application/json' } : {};
  if (cutAfter === undefined) {
    // These statuses must not have a body.
    const isEmpty = status === 204 || status === 304;
    response.writeHead(status, { ...type, ...headers }).end(isEmpty ? undefined : bytes);
    return;
  }
  response.writeHead(status, { ...type, ...headers, 'content-length': String(bytes.length + 10) });
  response.write(bytes.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 20));
}

export interface CallDraft {
  text?: string;
  media?: PublishMedia[];
  settings?: Settings;
  account?: Identity;
  evidence?: Evidence;
  sentBefore?: boolean;
  now?: () => Date;
  timeoutMs?: number;
}

/** A delivery at that server, with a token that no outcome may contain. */
export function callOf(origin: string, draft: CallDraft = {}): PublishCall {
  const evidence: Evidence = draft.evidence ?? {};
  return {
    http: createHttpClient({ baseUrl: origin, timeoutMs: draft.timeoutMs ?? 5_000 }),
    credentials: { accessToken: TOKEN },
    delivery: { id: '11111111-1111-4111-8111-111111111111', createdAt: NOW },
    text: draft.text ?? 'Hello there',
    media: draft.media ?? [],
    settings: draft.settings ?? {},
    account: draft.account ?? { remoteAccountId: '17', handle: 'ada' },
    evidence,
    sentBefore: draft.sentBefore ?? false,
    remember: (facts) => {
      Object.assign(evidence, JSON.parse(JSON.stringify(facts)));
      return Promise.resolve();
    },
    now: draft.now ?? (() => NOW),
    sleep: () => Promise.resolve(),
    signal: new AbortController().signal,
    log: createLogger({ name: 'test', level: 'silent' }),
  };
}

export const TOKEN = 'tkn-9f8e7d6c5b4a-0123456789';

export function imageOf(id = 'image'): PublishMedia {
  const bytes = new Uint8Array(Buffer.from('a picture'));
  return {
    id,
    ...jpegDraft({ byteSize: bytes.length }),
    bytes: () => Promise.resolve(bytes),
    publicUrl: () => Promise.resolve(`https://media.example.com/${id}.jpg`),
  };
}

/** A look-up after the last of the planned ones. */
export function lookOf(call: PublishCall, sinceMs = 3 * 3_600_000): LookUpCall {
  const sendingSince = new Date(call.now().getTime() - sinceMs);
  return { ...call, sendingSince, callEndedAt: sendingSince, asked: 3, lookedAt: call.now() };
}
