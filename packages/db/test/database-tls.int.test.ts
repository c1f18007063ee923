import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type Postgres } from '../../../scripts/lib/postgres.mjs';
import { accountFor, findPrograms } from '../../../scripts/lib/postgres-program.mjs';
import { makeCertificates, type Certificates } from '../../../test/support/certificates.ts';
import { applyMigrations, openDatabase } from '../src/index.ts';

// PostgreSQL as hosting providers run it: with TLS, and a certificate that their own CA has signed.

let root: string;
let certificates: Certificates;
let server: Postgres;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'solospark-tls-'));
  chmodSync(root, 0o755);
  certificates = makeCertificates(root);
  const dir = join(root, 'postgres');
  const programs = findPrograms(accountFor(dir), root);
  if (programs.account) chownSync(certificates.key, programs.account.uid, programs.account.gid);
  chmodSync(certificates.key, 0o600);
  server = await startPostgres(programs, {
    dir,
    password: 'secret',
    stopMode: 'immediate',
    extra: {
      ssl: 'on',
      ssl_cert_file: `'${certificates.certificate}'`,
      ssl_key_file: `'${certificates.key}'`,
      fsync: 'off',
    },
  });
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('a database with a certificate of its own CA', () => {
  it.each(['require', 'verify-ca', 'verify-full', 'prefer'])(
    'with sslmode=%s is refused with a message that names sslrootcert, and works with that parameter',
    async (mode) => {
      const url = `${server.urlOf('postgres')}?sslmode=${mode}`;
      await expect(applyMigrations({ url })).rejects.toThrow(/sslrootcert=.*NODE_EXTRA_CA_CERTS/);
      const trusted = `${url}&sslrootcert=${encodeURIComponent(certificates.ca)}`;
      await applyMigrations({ url: trusted });
      await expectEncrypted(trusted);
    },
  );

  it('with sslmode=no-verify is accepted without sslrootcert', () =>
    expectEncrypted(`${server.urlOf('postgres')}?sslmode=no-verify`));

  it('works with channel_binding=require, as some providers write it', () =>
    expectEncrypted(
      `${server.urlOf('postgres')}?sslmode=require&channel_binding=require&sslrootcert=${encodeURIComponent(certificates.ca)}`,
    ));

  it('refuses a wrong password with a message that does not contain it', async () => {
    const url = server.urlOf('postgres').replace('secret', 'wrong-one');
    await expect(applyMigrations({ url })).rejects.toThrow(/refuses the password or the user/);
    await expect(applyMigrations({ url })).rejects.not.toThrow(/wrong-one/);
  });
});

async function expectEncrypted(url: string) {
  const db = openDatabase({ url });
  try {
    const rows = await db.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    expect(rows).toEqual([{ ssl: true }]);
    expect(await db.prisma.post.count()).toBe(0);
  } finally {
    await db.close();
  }
}
