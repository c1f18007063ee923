import { createHash, createHmac } from 'node:crypto';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SignatureGate {
  endpoint: string;
  close(): Promise<void>;
}

/**
 * A proxy that forwards correctly signed requests to `port` (AWS Signature Version 4, "Authenticating Requests:
 * Authorization Header"), and refuses all others as S3 does.
 */
export async function openSignatureGate(options: {
  accessKeyId: string;
  secretAccessKey: string;
  port: number;
}): Promise<SignatureGate> {
  const server = createServer((incoming, answer) => {
    if (!isSigned(incoming, options)) {
      incoming.resume();
      const text = 'The request signature we calculated does not match the signature you provided.';
      answer
        .writeHead(403)
        .end(`<Error><Code>SignatureDoesNotMatch</Code><Message>${text}</Message></Error>`);
      return;
    }
    const { method, url, headers } = incoming;
    const onward = request(
      { port: options.port, host: '127.0.0.1', method, path: url, headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      },
    );
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

function isSigned(
  { method = '', url = '', headers }: IncomingMessage,
  keys: { accessKeyId: string; secretAccessKey: string },
): boolean {
  const [, credential = '', signedHeaders = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const [accessKeyId, ...scope] = credential.split('/');
  const { 'x-amz-date': date = '', 'x-amz-content-sha256': payload = '' } = headers;
  if (accessKeyId !== keys.accessKeyId || scope.length !== 4 || !signedHeaders.split(';').includes('host')) {
    return false;
  }
  const lines = signedHeaders.split(';').map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = [method, url, '', lines.join(''), signedHeaders, payload].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`);
  return hmac(key, toSign).toString('hex') === signature;
}
