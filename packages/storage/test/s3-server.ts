import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import S3rver from 's3rver';
import { openDiskProcess } from '../src/disk-process.ts';
import { openS3Store } from '../src/s3-store.ts';
import { openSignatureGate } from './signature-gate.ts';

/** The one key pair that the server knows. */
const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

export interface S3Server {
  /** A store in its bucket. `over` replaces settings, also with wrong ones. */
  openStore: (over?: Partial<Parameters<typeof openS3Store>[0]>) => ReturnType<typeof openS3Store>;
  close: () => Promise<void>;
}

/**
 * A local S3 server (s3rver). It does not check signatures of version 4, so a proxy in front of it does.
 */
export async function openS3Server(folder: string): Promise<S3Server> {
  const bucket = 'media';
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: await mkdtemp(join(folder, 's3-')),
    configureBuckets: [{ name: bucket, configs: [] }],
  });
  const { port } = await server.run();
  const disk = openDiskProcess({ timeoutMs: 20_000 });
  const gate = await openSignatureGate({ ...KEYS, port });
  return {
    openStore: (over = {}) =>
      openS3Store({
        ...KEYS,
        bucket,
        endpoint: gate.endpoint,
        region: 'us-east-1',
        pathStyle: true,
        timeoutMs: 20_000,
        disk,
        ...over,
      }),
    async close() {
      disk.close();
      await gate.close();
      await server.close();
    },
  };
}
