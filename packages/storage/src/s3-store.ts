import { AwsV4Signer } from 'aws4fetch';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { assertKey, FileMissingError, type ByteRange, type FileStore } from './file-store.ts';
import { limitAnswer } from './limit-answer.ts';

export interface S3Settings {
  bucket: string;
  /** `https://s3.eu-central-1.amazonaws.com`, `https://<account>.r2.cloudflarestorage.com`, `http://minio:9000`. */
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** True: the bucket is the first part of the path, and not of the host's name. */
  pathStyle: boolean;
}

/** For what is answered in one piece. A large file takes as long as it takes, as long as something moves. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Of an answer that is no file. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Files in a bucket of a service that speaks S3: four calls, signed with signature version 4. A file is put with one
 * call, which takes up to 5 GB; S3 shows it when all of it has arrived.
 */
export function openS3Store(settings: S3Settings): FileStore {
  const { region, accessKeyId, secretAccessKey } = settings;

  async function call(
    method: string,
    key: string,
    { headers = {}, ...options }: RequestInit & { headers?: Record<string, string> } = {},
  ): Promise<Response> {
    // The bytes are not part of the signature (UNSIGNED-PAYLOAD): they would have to be read twice. TLS protects them.
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
    const answer = await fetch(signed.url, { ...options, method, headers: signed.headers });
    const isFile = answer.ok && method === 'GET';
    const response = isFile ? answer : limitAnswer(answer, MAX_ANSWER_BYTES);
    if (!response.ok) throw await refusalOf(method, key, response);
    return response;
  }

  return {
    async put(key, path) {
      const { size } = await stat(path);
      const response = await call('PUT', key, {
        headers: { 'content-length': String(size) },
        body: createReadStream(path),
        duplex: 'half',
      });
      await response.arrayBuffer();
      await rm(path, { force: true });
    },
    async read(key, range) {
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const response = await call('GET', key, { headers: headersFor(range), signal });
      // Some take no notice of a range, and would give the whole file for a part.
      if (range && response.status !== 206) throw new Error(`the store gave no part of ${key}`);
      const part = range ? limitAnswer(response, range.end - range.start + 1) : response;
      return new Uint8Array(await part.arrayBuffer());
    },
    async open(key, range) {
      const { body } = await call('GET', key, { headers: headersFor(range) });
      return body ? Readable.fromWeb(body) : Readable.from([]);
    },
    async remove(key) {
      const response = await call('DELETE', key, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
      await response.arrayBuffer();
    },
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

/** S3 answers in XML; of it, the code and the sentence. Neither has a key or a signature in it. */
async function refusalOf(method: string, key: string, response: Response): Promise<Error> {
  const text = await response.text();
  const part = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1];
  const code = part('Code');
  const error = new Error(
    `the store answered ${method} with ${response.status} ${code ?? ''}: ${part('Message') ?? ''}`,
  );
  const isMissing = response.status === 404 && (code === undefined || code === 'NoSuchKey');
  return isMissing ? new FileMissingError(key, error) : error;
}
