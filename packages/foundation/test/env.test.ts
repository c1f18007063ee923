import { describe, expect, it } from '@jest/globals';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { ConfigError, readEnv } from '../src/index.ts';

const schema = Type.Object({
  NAME: Type.String({ minLength: 3, description: 'at least three letters' }),
  PORT: Type.Integer({ default: 3000 }),
  DEBUG: Type.Boolean({ default: false }),
  EXTRA: Type.Optional(Type.String()),
});

describe('readEnv', () => {
  it('converts values, fills in defaults, and treats an empty variable as unset', () => {
    const env = readEnv(schema, { NAME: 'spark', DEBUG: 'true', EXTRA: '' });
    expect(env).toEqual({ NAME: 'spark', PORT: 3000, DEBUG: true });
  });

  it('names every bad variable with its rule, and shows no value', () => {
    const read = () => readEnv(schema, { NAME: 'ab', PORT: 'hunter2' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/NAME .*at least three letters/);
    expect(read).toThrow(/PORT /);
    expect(read).not.toThrow(/hunter2/);
    expect(() => readEnv(schema, {})).toThrow(/NAME is not set/);
  });

  it.each(['50.5', '4e3', '0x10', '+5', '3000.0', '3,000', '1_000', '٣', '"3000"'])(
    'refuses %s as a whole number, and does not convert it into one',
    (PORT) => {
      expect(() => readEnv(schema, { NAME: 'spark', PORT })).toThrow(/PORT (must be a whole|has quotation)/);
    },
  );
  it.each(['TRUE', 'True', '1', '0', 'yes', 'on', 'tru'])('refuses %s as a boolean', (DEBUG) => {
    expect(() => readEnv(schema, { NAME: 'spark', DEBUG })).toThrow(/DEBUG must be true or false/);
  });

  it('reads the files that exist; an earlier file wins over a later one, and the environment over all', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'env-'));
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await writeFile(first, 'NAME=first\nPORT=1');
    await writeFile(second, 'NAME=second\nEXTRA="from the second"');
    const env = readEnv(schema, { PORT: '2' }, [first, second, join(folder, 'missing')]);
    expect(env).toEqual({ NAME: 'first', PORT: 2, DEBUG: false, EXTRA: 'from the second' });
  });
});
