import { afterEach, expect, it } from '@jest/globals';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openHomePostgres } from '../scripts/lib/home-postgres.mjs';
import { eventually } from './support/app.ts';

// PostgreSQL is started again when it ends, but not when its data was removed: the apps would get an empty database.

let home: string;
const write = process.stderr.write.bind(process.stderr);
afterEach(() => {
  process.stderr.write = write;
  rmSync(home, { recursive: true, force: true });
});

it('a database whose folder was removed is reported once, and not replaced by an empty one', async () => {
  home = mkdtempSync(join(tmpdir(), 'solospark-home-'));
  chmodSync(home, 0o755);
  const postgres = await openHomePostgres(home, { password: 'secret', port: undefined });
  let printed = '';
  process.stderr.write = (text: string | Uint8Array) => Boolean((printed += String(text)));
  rmSync(home, { recursive: true, force: true });
  process.kill(postgres.pid, 'SIGKILL');
  await eventually(
    () => Promise.resolve(printed),
    (text) => text.includes('PostgreSQL'),
    'the end of PostgreSQL is reported',
  );
  await delay(2_500);
  await postgres.stop();
  expect(existsSync(home)).toBe(false);
  expect(printed.match(/The data of PostgreSQL are gone/g)).toHaveLength(1);
}, 60_000);
