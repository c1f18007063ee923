import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { connectionStringOf, databaseUrlProblem, explainDatabaseError } from '../src/index.ts';

const base = 'postgresql://app:secret@127.0.0.1:5432/app';
const file = fileURLToPath(import.meta.url);

describe('a database URL', () => {
  it.each([
    base,
    'postgres://app:p%40ss%3Aw%2Fo%23r%25d@db.example.com/app',
    'postgresql://app:secret@[::1]:5432/app',
    'postgresql://app:secret@%2Frun%2Fpostgresql/app',
    `${base}?host=/run/postgresql&port=5433`,
    `${base}?sslmode=require`,
    `${base}?sslmode=no-verify`,
    `${base}?sslmode=verify-full&sslrootcert=${file}`,
    `${base}?sslmode=require&channel_binding=require`,
    `${base}?schema=public&pgbouncer=true`,
    `${base}?application_name=mine`,
  ])('is accepted: %s', (url) => {
    expect(databaseUrlProblem(url)).toBeUndefined();
  });

  it.each([
    [`${base}?schema=spark`, 'keeps its tables in "public"'],
    [`${base}?options=-c%20search_path%3Dspark`, 'search_path'],
    [`${base}?search_path=spark`, 'search_path'],
    [`${base}?currentSchema=spark`, 'currentSchema'],
    [`${base}?connection_limit=1`, 'DATABASE_POOL_SIZE'],
    [`${base}?sslmode=requre`, 'must be one of'],
    [`${base}?sslaccept=accept_invalid_certs`, 'sslmode=no-verify'],
    [`${base}?sslmode=verify-full&sslrootcert=/nowhere/ca.crt`, 'cannot be read'],
    [`${base}?target_session_attrs=read-write`, 'target_session_attrs'],
    [`${base}?host=other.example.com`, 'says its host twice'],
    [`${base}?port=5433`, 'says its port twice'],
    [`${base}?user=other`, 'says its user twice'],
    [`${base}?password=other`, 'says its password twice'],
    [`${base}?sslmode=disable&sslmode=require`, 'says its sslmode twice'],
    [`${base}?sslmode=verify-full&sslrootcert=/tmp`, 'cannot be read'],
    ['postgresql://app:secret@a.example.com,b.example.com/app', 'one host'],
    ['postgresql://app:p@ss:w/o#r%d@127.0.0.1:5432/app', 'percent-encoded'],
    ['postgresql://app:50%@127.0.0.1:5432/app', 'written %25'],
    ['postgresql://app:secret@127.0.0.1:1,127.0.0.1:2/app', 'one host'],
    ['prisma+postgres://app@127.0.0.1/app', 'must look like'],
    ['mysql://app@127.0.0.1/app', 'must look like'],
  ])('is refused with a message that does not contain the password: %s', (url, sentence) => {
    expect(databaseUrlProblem(url)).toContain(sentence);
    expect(databaseUrlProblem(url)).not.toMatch(/secret|p@ss|50%@/);
  });

  it('is trimmed for pg, without the parameters of Prisma, and with the sslmode that pg applies', () => {
    expect(connectionStringOf(` ${base}?schema=public&pgbouncer=true \n`)).toBe(base);
    expect(connectionStringOf(`${base}?sslmode=require`)).toBe(`${base}?sslmode=verify-full`);
    expect(connectionStringOf(`${base}?sslmode=require&uselibpqcompat=true`)).toContain('sslmode=require');
  });
});

describe('explainDatabaseError', () => {
  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'sslrootcert', true],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NODE_EXTRA_CA_CERTS', true],
    ['28P01', 'password', true],
    ['3D000', 'create it', true],
    ['42501', 'GRANT', true],
    ['ECONNREFUSED', 'cannot be reached', false],
    ['ENOTFOUND', 'cannot be reached', false],
  ])('says for %s how to fix it: %s', (code, words, lasts) => {
    const error = Object.assign(new Error('as the server said'), { code });
    for (const thrown of [error, new Error('around it', { cause: error }), new AggregateError([error])]) {
      expect(explainDatabaseError(thrown)?.sentence).toContain(words);
      expect(explainDatabaseError(thrown)?.lasts).toBe(lasts);
    }
  });

  it('explains no error that is a bug of ours', () => {
    expect(explainDatabaseError(new TypeError('x is not a function'))).toBeUndefined();
    expect(explainDatabaseError(Object.assign(new Error('syntax'), { code: '42601' }))).toBeUndefined();
  });
});
