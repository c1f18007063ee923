import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';

const prisma = fileURLToPath(new URL('../tools/prisma.mjs', import.meta.url));
const migrations = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
const schema = fileURLToPath(new URL('../../../prisma/schema.prisma', import.meta.url));

let target: TestDatabase;
let folder: string;

beforeAll(async () => {
  target = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'solospark-schema-'));
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await target.drop();
});

/** `prisma migrate diff`: exit code 0 when both sides are the same, 2 when not, 1 when it could not tell. */
function diff(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DIRECT_URL: target.url };
    execFile(
      process.execPath,
      [prisma, 'migrate', 'diff', '--exit-code', ...args],
      { env },
      (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: out + err }),
    );
  });
}

/** A copy of the schema with one text replaced. */
function schemaWith(from: string, to: string): string {
  const text = readFileSync(schema, 'utf8');
  expect(text).toContain(from);
  const path = join(folder, 'schema.prisma');
  writeFileSync(path, text.replace(from, to));
  return path;
}

describe('the migrations', () => {
  it('produce exactly prisma/schema.prisma', async () => {
    const { code, output } = await diff('--from-config-datasource', '--to-schema', schema);
    // A diff without output has compared nothing.
    expect(output).toContain('No difference detected');
    expect(code).toBe(0);
  });

  it('produce it in the shadow database of `prisma migrate` too, which is dropped afterwards', async () => {
    const { code, output } = await diff('--from-migrations', migrations, '--to-schema', schema);
    expect(output).toContain('No difference detected');
    expect(code).toBe(0);
    const shadows = await target.database.query(
      `SELECT datname FROM pg_database WHERE datname LIKE 'prisma_migrate_shadow_db_%'`,
    );
    expect(shadows).toEqual([]);
  });

  it.each([
    ['a column', '  altText ', '  colour String?\n  altText ', 'colour'],
    ['a state', '  needs_reconnect\n', '  needs_reconnect\n  paused\n', 'paused'],
    [
      'a condition of an index',
      "status = 'publishing'::post_status",
      "status = 'failed'::post_status",
      'post',
    ],
    ['a foreign key', 'onDelete: NoAction', 'onDelete: SetDefault', 'foreign key'],
  ])('fail the comparison when the schema has %s that they lack', async (_, from, to, named) => {
    const { code, output } = await diff('--from-config-datasource', '--to-schema', schemaWith(from, to));
    expect(output).toContain(named);
    expect(code).toBe(2);
  });
});

describe('table post', () => {
  it('has scheduled_at and schedule_job_id, empty until it is scheduled', async () => {
    const columns = await target.database.query(
      `SELECT column_name, data_type, is_nullable FROM information_schema.columns
        WHERE table_name = 'post' AND column_name IN ('scheduled_at', 'schedule_job_id') ORDER BY 1`,
    );
    expect(columns).toEqual([
      { column_name: 'schedule_job_id', data_type: 'text', is_nullable: 'YES' },
      { column_name: 'scheduled_at', data_type: 'timestamp with time zone', is_nullable: 'YES' },
    ]);
  });
});

describe('an enum type', () => {
  it.each(['channel_status', 'post_status', 'delivery_status', 'attempt_outcome'])(
    'refuses an unknown value: %s',
    async (type) => {
      await expect(target.database.query(`SELECT $1::text::${type}`, ['unheard_of'])).rejects.toMatchObject({
        code: '22P02',
      });
    },
  );

  it('keeps a post with an unknown status from being saved', async () => {
    await target.database.query(`INSERT INTO organization (id, name, slug) VALUES ('o', 'O', 'o')`);
    const insert = `INSERT INTO post (organization_id, text, status) VALUES ('o', 'hello', $1) RETURNING status`;
    expect(await target.database.query(insert, ['failed'])).toEqual([{ status: 'failed' }]);
    await expect(target.database.query(insert, ['sent'])).rejects.toMatchObject({ code: '22P02' });
  });
});
