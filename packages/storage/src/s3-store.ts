import { withDeadline } from '@solospark/foundation';
import { AwsV4Signer } from 'aws4fetch';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { readInPieces } from './disk-pieces.ts';
import type { DiskProcess } from './disk-process.ts';
import {
  assertKey,
  assertSize,
  FileChangedError,
  FileMissingError,
  StoreUnavailableError,
  type ByteRange,
  type FileStore,
  type StoredFile,
} from './file-store.ts';
import { limitAnswer } from './limit-answer.ts';
import { watchState } from './watch-state.ts';

export interface S3Settings {
  bucket: string;
  /** `https://s3.eu-central-1.amazonaws.com`, `https://<account>.r2.cloudflarestorage.com`, `http://minio:9000`. */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** True: the bucket is the first part of the path, instead of the host name. */
  pathStyle: boolean;
  /** How long the store may take to begin its answer, and for each piece of a file. */
  timeoutMs: number;
}

/** The limit for an answer that is read as a whole, however slowly it comes. */
const WHOLE_TIMEOUT_MS = 60_000;

const PROBE_TIMEOUT_MS = 5_000;
const PROBE_KEY = 'solospark-probe';

/** The limit for an answer that is not a file. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Files in a bucket of an S3 service: four kinds of requests, signed with signature version 4. One PUT stores a file of up
 * to 5 GB; S3 shows it only when all of it has arrived.
 *
 * @param settings `disk`: where files are staged before they are put
 */
export function openS3Store(settings: S3Settings & { disk: DiskProcess }): FileStore {
  const { region, accessKeyId, secretAccessKey, timeoutMs, disk } = settings;

  async function call(
    method: string,
    key: string,
    {
      headers = {},
      stop = new AbortController(),
      ...options
    }: Omit<RequestInit, 'signal'> & { headers?: Record<string, string>; stop?: AbortController } = {},
  ): Promise<Response> {
    // The body is not part of the signature (UNSIGNED-PAYLOAD): it would have to be read twice. TLS protects it.
    const signer = new AwsV4Signer({
      method,
      url: urlOf(settings, key),
      headers,
      service: 's3',
      region,
      accessKeyId,
      secretAccessKey,
    });
    const signed = await signer.sign();
    const sending = fetch(signed.url, { ...options, method, headers: signed.headers, signal: stop.signal });
    // A PUT has its own deadlines: one for each piece, and one after the last piece.
    const answer = await (options.body ? reached(sending) : inTime(sending, stop));
    const isFile = answer.ok && method === 'GET';
    const response = isFile ? answer : limitAnswer(answer, MAX_ANSWER_BYTES);
    if (!response.ok) throw await refusalOf(method, key, response, (text) => inTime(text, stop));
    return response;
  }

  /** Ends a call that takes too long, and closes its connection. */
  async function inTime<T>(waiting: Promise<T>, stop: AbortController, limitMs = timeoutMs): Promise<T> {
    try {
      return await reached(withDeadline(waiting, limitMs, 'waiting for the media store'));
    } catch (error) {
      stop.abort();
      throw error;
    }
  }

  async function* piecesOf(body: ReadableStream<Uint8Array>, stop: AbortController) {
    const reader = body.getReader();
    try {
      for (;;) {
        const { done, value } = await inTime(reader.read(), stop);
        if (done) return;
        yield value;
      }
    } finally {
      // Also when the reader stops early.
      stop.abort();
    }
  }

  async function get(key: string, range?: ByteRange) {
    const stop = new AbortController();
    const response = await call('GET', key, { headers: headersFor(range), stop });
    // Some services ignore the range and send the whole file.
    if (range && response.status !== 206) throw new Error(`the store gave no part of ${key}`);
    return { response, stop, stored: storedFileOf(response) };
  }

  return {
    async put(key, path) {
      const { facts } = await disk.call<StoredFile>('stat', { path });
      const stop = new AbortController();
      let timer = setTimeout(() => stop.abort(), timeoutMs);
      async function* pieces() {
        for await (const piece of readInPieces(disk, path, facts.byteSize)) {
          yield piece;
          clearTimeout(timer);
          timer = setTimeout(() => stop.abort(), timeoutMs);
        }
        clearTimeout(timer);
        timer = setTimeout(() => stop.abort(), WHOLE_TIMEOUT_MS);
      }
      try {
        const response = await call('PUT', key, {
          headers: { 'content-length': String(facts.byteSize) },
          body: Readable.from(pieces(), { objectMode: false }),
          duplex: 'half',
          stop,
        });
        await reached(response.arrayBuffer());
      } finally {
        clearTimeout(timer);
      }
      await disk.call('remove', { path });
    },
    async stat(key) {
      // GET instead of HEAD: the answer to a HEAD has no body, so it would not say what is wrong.
      const { stored, stop } = await get(key, { start: 0, end: 0 });
      stop.abort();
      return stored;
    },
    async digest(key) {
      const { response, stop, stored } = await get(key);
      const hash = createHash('sha256');
      let byteSize = 0;
      for await (const piece of piecesOf(response.body ?? new ReadableStream(), stop)) {
        hash.update(piece);
        byteSize += piece.byteLength;
      }
      return { byteSize, version: stored.version, sha256: hash.digest('hex') };
    },
    async read(key, range, version) {
      const { response, stop, stored } = await get(key, range);
      if (version !== undefined && version !== stored.version) {
        stop.abort();
        throw new FileChangedError(key, 'it was written to or replaced while it was being read');
      }
      const bytes = range ? limitAnswer(response, range.end - range.start + 1) : response;
      return new Uint8Array(await inTime(bytes.arrayBuffer(), stop, WHOLE_TIMEOUT_MS));
    },
    async open(key, byteSize, range) {
      const { response, stop, stored } = await get(key, range);
      try {
        assertSize(key, stored, byteSize);
      } catch (error) {
        stop.abort();
        throw error;
      }
      return Readable.from(response.body ? piecesOf(response.body, stop) : [], { objectMode: false });
    },
    async remove(key) {
      const stop = new AbortController();
      const response = await call('DELETE', key, { stop });
      await inTime(response.arrayBuffer(), stop);
    },
    state: watchState(async () => {
      const stop = new AbortController();
      const putting = call('PUT', PROBE_KEY, { body: new Uint8Array([1]), stop });
      await inTime(
        putting.then((response) => response.arrayBuffer()),
        stop,
        PROBE_TIMEOUT_MS,
      );
    }, PROBE_TIMEOUT_MS + 500),
    close: () => disk.close(),
  };
}

/** Turns a network error into a `StoreUnavailableError`. */
async function reached<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    const { message, cause } = error as Error;
    // An error of reading the staged file that is being put.
    if (cause instanceof StoreUnavailableError) throw cause;
    if (error instanceof StoreUnavailableError) throw error;
    throw new StoreUnavailableError('away', cause instanceof Error ? cause.message : message, error);
  }
}

function storedFileOf(response: Response): StoredFile {
  const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  return {
    byteSize: Number(total ?? response.headers.get('content-length')),
    version: `${response.headers.get('etag')} ${response.headers.get('last-modified')}`,
  };
}

function headersFor(range: ByteRange | undefined): Record<string, string> {
  return range ? { range: `bytes=${range.start}-${range.end}` } : {};
}

function urlOf({ endpoint, bucket, pathStyle }: S3Settings, key: string): string {
  assertKey(key);
  const url = new URL(endpoint);
  if (pathStyle) return new URL(`/${bucket}/${key}`, url).href;
  url.hostname = `${bucket}.${url.hostname}`;
  return new URL(`/${key}`, url).href;
}

/** Takes code and message from S3's XML answer. Neither contains an access key or a signature. */
async function refusalOf(
  method: string,
  key: string,
  response: Response,
  inTime: (text: Promise<string>) => Promise<string>,
): Promise<Error> {
  const text = await inTime(response.text());
  const part = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1];
  const code = part('Code');
  const words = `it answered ${method} with ${response.status} ${code ?? ''}: ${part('Message') ?? ''}`;
  const isMissing = response.status === 404 && (code === undefined || code === 'NoSuchKey');
  if (isMissing) return new FileMissingError(key, new Error(words));
  // 416: the file has no byte in this range.
  if (response.status === 416) return new FileChangedError(key, 'it is shorter than what is wanted of it');
  const isFull = response.status === 507 || /quota|full|capacity|insufficient/i.test(code ?? '');
  const isReadOnly = code === 'AccessDenied' && method !== 'GET';
  return new StoreUnavailableError(isFull ? 'full' : isReadOnly ? 'read_only' : 'away', words);
}
