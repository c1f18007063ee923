import type { Random } from '../chaos/random.ts';
import type { Schema } from './operations.ts';

// Makes values for a schema: most of them valid, some of them hostile.

const TEXTS = [
  ...[
    '',
    ' ',
    'a',
    'Hello',
    'null',
    '-1',
    '1e999',
    '\0',
    'a\0b',
    '\ud800',
    '\udc00a',
    '\u202e',
    '\ufeffa',
    '👨‍👩‍👧‍👦',
  ],
  ...[
    '../../etc/passwd',
    "' OR 1=1 --",
    '<script>',
    '%00',
    '%ff',
    '${x}',
    '__proto__',
    'constructor',
    'a.'.repeat(500),
  ],
];
const INSTANTS = [
  ...[
    '2030-02-30T00:00:00Z',
    '2030-01-01T00:00:60Z',
    '9999-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '2030-01-01',
  ],
  ...['2030-01-01T00:00:00+99:99', '2030-01-01t00:00:00z', '1969-12-31T23:59:59.999999999Z', 'now'],
];
const NUMBERS = [0, 1, -1, 20, 101, 2 ** 31, 2 ** 53, 1e308, -0.5, Number.MAX_SAFE_INTEGER];
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

/** `ids`: ids of existing rows, in this organization and in others. */
export function valueFor(
  random: Random,
  schema: Schema,
  ids: readonly string[],
  name = '',
  depth = 0,
): unknown {
  if (random.chance(0.06)) return hostileValue(random, ids);
  if (schema.enum) return random.pick(schema.enum);
  if (schema.const !== undefined) return schema.const;
  if (schema.anyOf) return valueFor(random, random.pick(schema.anyOf), ids, name, depth + 1);
  switch (schema.type) {
    case 'string':
      return textFor(random, schema, ids, name);
    case 'integer':
    case 'number':
      return random.pick(NUMBERS);
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: random.int(0, random.chance(0.02) ? 2_000 : 3) }, () =>
        valueFor(random, schema.items ?? {}, ids, name, depth + 1),
      );
    default:
      return objectFor(random, schema, ids, name, depth);
  }
}

function objectFor(
  random: Random,
  schema: Schema,
  ids: readonly string[],
  name: string,
  depth: number,
): unknown {
  if (!schema.properties) {
    // Keys are channel ids, or names of a platform's settings.
    const names =
      name.startsWith('channel') && depth < 3 ? ids : ['visibility', 'languages', 'kind', 'spoilerText'];
    return {
      [random.pick(names)]: random.chance(0.5)
        ? random.pick(TEXTS)
        : { [random.pick(TEXTS)]: random.pick(TEXTS) },
    };
  }
  const required = schema.required ?? [];
  const chosen = Object.entries(schema.properties).filter(([key]) =>
    required.includes(key) ? !random.chance(0.04) : random.chance(0.4),
  );
  const made = Object.fromEntries(
    chosen.map(([key, inner]) => [key, valueFor(random, inner, ids, key, depth + 1)]),
  );
  return random.chance(0.05) ? { ...made, [random.pick(TEXTS)]: 1 } : made;
}

export function textFor(random: Random, schema: Schema, ids: readonly string[], name: string): string {
  if (schema.format === 'date-time' || name === 'scheduledAt') {
    if (random.chance(0.3)) return random.pick(INSTANTS);
    return new Date(Date.now() + random.int(-1, 400) * 86_400_000).toISOString();
  }
  if (schema.pattern?.startsWith('^[0-9a-fA-F]{8}') || /[iI]ds?$/.test(name)) {
    return random.chance(0.85) ? random.pick(ids) : random.pick([UNKNOWN_ID, '7', ...TEXTS]);
  }
  if (name === 'platform' || name === 'platforms') {
    return random.pick(['x', 'mastodon', 'bluesky', 'linkedin', 'instagram', 'nowhere']);
  }
  // None of these is ever called: they are private addresses, or a name under a reserved domain.
  if (name === 'server') return random.pick(['127.0.0.1', 'nowhere.invalid', 'http://[::1]', ...TEXTS]);
  if (name === 'handle') return random.pick(['ada', 'grace', `u${random.int(0, 30)}`, ...TEXTS]);
  return random.pick(TEXTS);
}

export function hostileValue(random: Random, ids: readonly string[]): unknown {
  return random.pick<() => unknown>([
    () => null,
    () => random.pick(NUMBERS),
    () => random.pick(TEXTS),
    () => random.pick(ids),
    () => [],
    () => ({}),
    () => 'a'.repeat(random.int(1, 120_000)),
    () => '日.'.repeat(random.int(1, 40_000)),
    () => Array(random.int(1, 20_000)).fill(1),
    () =>
      Object.fromEntries(Array.from({ length: random.int(1, 5_000) }, (_, index) => [`k${index}`, index])),
    () => nested(random.int(1, 3_000)),
  ])();
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
