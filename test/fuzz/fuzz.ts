import { createRandom, type Random } from '../chaos/random.ts';
import { createJudge, readOperations, type Operation } from './operations.ts';
import { agent, send, sendRaw, type Sending } from './send.ts';
import { textFor, valueFor } from './values.ts';

export interface FuzzOptions {
  baseUrl: string;
  organizationId: string;
  apiKey: string;
  /** Ids of channels and of other rows that exist. */
  ids: readonly string[];
  seed: number;
  requests: number;
  signal?: AbortSignal;
}

export interface FuzzReport {
  requests: number;
  operations: number;
  /** Counts of answers by operation and status. */
  statuses: Record<string, Record<string, number>>;
  /** One sentence for each violation, with the request. */
  violations: string[];
}

/** Codes of 5xx answers that are not our fault: another server failed, or something is not set up. */
const ABOUT_OTHERS = ['platform_unavailable', 'platform_not_configured', 'sandbox_unavailable'];
const AT_ONCE = 8;

/** Sends hostile requests to every operation of the OpenAPI document, and compares each answer with the document. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { baseUrl, seed } = options;
  const document = (await (await fetch(`${baseUrl}/openapi.json`)).json()) as Parameters<
    typeof createJudge
  >[0];
  const operations = readOperations(document);
  const judge = createJudge(document);
  const report: FuzzReport = { requests: 0, operations: operations.length, statuses: {}, violations: [] };
  const ids = [...options.ids];

  const one = async (number: number) => {
    const random = createRandom(seed * 1_000_003 + number);
    // Round robin, so that each operation gets the same number of requests.
    const operation = operations[number % operations.length];
    if (!operation) return;
    const told = (what: string, sent: Sending | string) =>
      report.violations.push(`seed ${seed}, request ${number}, ${operation.id}: ${what}\n  ${show(sent)}`);
    if (random.chance(0.04)) {
      const bytes = rawRequest(random, operation, options);
      try {
        const answer = await sendRaw(baseUrl, bytes);
        count(report, operation.id, answer.slice(9, 12) || 'closed');
        if (/^HTTP\/1\.1 5/.test(answer)) told(answer.slice(0, 300), bytes);
      } catch (error) {
        told(String(error), bytes);
      }
      return;
    }
    const sending = requestFor(random, operation, options, ids);
    try {
      const answer = await send(baseUrl, sending);
      count(report, operation.id, String(answer.status));
      keepIds(ids, answer.body);
      const wrong = judge(operation, answer);
      if (wrong !== undefined) told(`${answer.status} ${wrong}`, sending);
      const { code = '' } =
        answer.status >= 500 ? (JSON.parse(answer.body.toString()) as { code?: string }) : {};
      if (answer.status >= 500 && !ABOUT_OTHERS.includes(code)) told(`${answer.status} ${code}`, sending);
      if (answer.status >= 400 && answer.body.length > 16_384)
        told(`refused with ${answer.body.length} bytes`, sending);
    } catch (error) {
      told(String(error), sending);
    }
  };

  let next = 0;
  const worker = async () => {
    while (next < options.requests && !options.signal?.aborted) {
      next += 1;
      await one(next);
      report.requests += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
  return report;
}

function count({ statuses }: FuzzReport, operation: string, status: string): void {
  const of = (statuses[operation] ??= {});
  of[status] = (of[status] ?? 0) + 1;
}

/** Keeps the ids of created rows, so that later requests read, change and delete them. */
function keepIds(ids: string[], body: Buffer): void {
  const id = /"id":"([0-9a-f-]{36})"/.exec(body.subarray(0, 200).toString('latin1'))?.[1];
  if (id === undefined || ids.includes(id)) return;
  if (ids.length > 60) ids.splice(10, 1);
  ids.push(id);
}

function requestFor(
  random: Random,
  operation: Operation,
  options: FuzzOptions,
  ids: readonly string[],
): Sending {
  const query = new URLSearchParams();
  let path = operation.path;
  const headers: Record<string, string> = {};
  if (!random.chance(0.03)) headers['x-api-key'] = random.chance(0.03) ? 'ss_unknown' : options.apiKey;
  for (const { name, in: place, schema } of operation.parameters) {
    if (place === 'path') {
      const value =
        name === 'organizationId'
          ? random.chance(0.97)
            ? options.organizationId
            : random.pick(ids)
          : textFor(random, schema, ids, name);
      path = path.replace(`{${name}}`, encodeURIComponent(value.toWellFormed()) || '%20');
    } else if (random.chance(0.5)) {
      const value = String(JSON.stringify(valueFor(random, schema, ids, name)) ?? '').replaceAll(
        /^"|"$/g,
        '',
      );
      if (place === 'query') query.append(name, value.slice(0, 3_000).toWellFormed());
      else
        headers[name] = random.chance(0.6)
          ? `"${random.int(0, 9)}"`
          : value.slice(0, 200).replaceAll(/[^\x20-\x7e]/g, '?');
    }
  }
  if (random.chance(0.03))
    query.append(random.pick(['a', '__proto__', 'limit[]', 'cursor']), 'x'.repeat(random.int(0, 3_000)));
  if (random.chance(0.05))
    headers['range'] = random.pick(['bytes=0-', 'bytes=9999999999999-', 'bytes=-0', 'lines=1']);
  if (random.chance(0.03))
    headers[random.pick(['accept', 'x-forwarded-for', 'if-match', 'cookie'])] = 'x'.repeat(
      random.int(0, 4_000),
    );
  const body = bodyFor(random, operation, ids, headers);
  const search = query.size > 0 ? `?${query.toString()}` : '';
  return { method: operation.method, path: path + search, headers, body };
}

function bodyFor(
  random: Random,
  operation: Operation,
  ids: readonly string[],
  headers: Record<string, string>,
): Buffer | undefined {
  const [type, schema] = Object.entries(operation.bodies)[0] ?? [];
  if (type === undefined || schema === undefined) {
    if (!random.chance(0.05) || operation.method === 'GET') return undefined;
    headers['content-type'] = 'application/json';
    return Buffer.from('{}');
  }
  headers['content-type'] = random.chance(0.94)
    ? type
    : random.pick([
        'text/plain',
        'application/xml',
        'application/json; charset=latin1',
        'a',
        'multipart/form-data; boundary=b',
      ]);
  if (type.startsWith('multipart')) return formFor(random, headers);
  const text = JSON.stringify(valueFor(random, schema, ids)) ?? '';
  return random.pick<() => Buffer>([
    ...Array<() => Buffer>(17).fill(() => Buffer.from(text)),
    () => Buffer.from(text, random.pick(['latin1', 'utf16le'])),
    () => Buffer.from(text.slice(0, random.int(0, text.length))),
    () => Buffer.from(`\ufeff{"a":1,"a":2,"__proto__":{"b":1},"text":${text}}`),
  ])();
}

function formFor(random: Random, headers: Record<string, string>): Buffer {
  const boundary = 'fuzz';
  headers['content-type'] = `multipart/form-data; boundary=${random.chance(0.95) ? boundary : 'other'}`;
  const bytes = random.pick([
    Buffer.alloc(0),
    Buffer.from('GIF89a'),
    Buffer.from('%PDF-1.7\n'),
    Buffer.from('\x00\x00\x00\x18ftypmp42', 'latin1'),
    Buffer.from('\xff\xd8\xff\xe0', 'latin1'),
    Buffer.from(random.pick(['text', '<svg/>', 'RIFF'])),
  ]);
  const field = random.chance(0.9) ? 'file' : random.pick(['altText', 'other', '__proto__', '']);
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="a\u0001.jpg"\r\n\r\n`;
  const end = random.chance(0.9) ? `\r\n--${boundary}--\r\n` : '';
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes, Buffer.from(end)]);
}

/** A request that no ordinary client can send: wrong lengths, truncated chunks, and bytes that are not HTTP. */
function rawRequest(random: Random, operation: Operation, { organizationId, apiKey }: FuzzOptions): string {
  const path = operation.path.replace('{organizationId}', organizationId).replaceAll(/\{\w+\}/g, '7');
  const head = `${operation.method} ${path} HTTP/1.1\r\nhost: a\r\nx-api-key: ${apiKey}\r\ncontent-type: application/json\r\n`;
  return random.pick([
    `${head}content-length: 100\r\n\r\n{"text":`,
    `${head}content-length: 1\r\n\r\n{"text":"a"}`,
    `${head}content-length: -1\r\n\r\n`,
    `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\nffffffff\r\n{"text"`,
    `${head}transfer-encoding: chunked\r\n\r\nzz\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\n2\r\n{}`,
    `${head}x: ${'y'.repeat(20_000)}\r\n\r\n`,
    `${head}a b: c\r\n\r\n`,
    `${head}expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}`,
    `${operation.method} ${path}\u0000 HTTP/1.1\r\n\r\n`,
    `${operation.method} /%zz/%c3%28 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
    `${operation.method} http://[/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
    `${head.replace('HTTP/1.1', 'HTTP/9.9')}\r\n`,
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    '',
  ]);
}

function show(sent: Sending | string): string {
  if (typeof sent === 'string') return JSON.stringify(sent.slice(0, 300));
  const { method, path, body, headers } = sent;
  const rest = { ...headers, 'x-api-key': 'left out' };
  return `${method} ${path.slice(0, 300)} ${JSON.stringify(rest).slice(0, 300)} ${body?.subarray(0, 300).toString() ?? ''}`;
}
