import { expect, it } from '@jest/globals';
import { contextEnv, publishingEnv } from '@solospark/runtime';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repoRoot } from '../scripts/lib/home.mjs';

// A variable that an operator sets in .env has no effect unless compose.yaml passes it to the containers.

const example = readFileSync(join(repoRoot, '.env.example'), 'utf8');
const [, forBoth = '', forApi = ''] = example.split(/^# --- .*$/m);
const namesIn = (section: string) =>
  [...section.matchAll(/^#([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name ?? '');
/** Set by compose.yaml itself: its own PostgreSQL and Redis, the folder of its volume, the address in the container. */
const OF_COMPOSE = ['DATABASE_URL', 'DIRECT_URL', 'REDIS_URL', 'REDIS_CA_FILE', 'MEDIA_DIR', 'HOST', 'PORT'];

/** Set by the system in every container. */
const OF_THE_SYSTEM = ['PATH'];

const { services } = parse(readFileSync(join(repoRoot, 'docker', 'compose.yaml'), 'utf8'), {
  merge: true,
}) as {
  services: Record<'api' | 'worker' | 'seed' | 'migrate', { environment: Record<string, string> }>;
};

it.each([
  ['api', [...namesIn(forBoth), ...namesIn(forApi)]],
  ['seed', [...namesIn(forBoth), ...namesIn(forApi)]],
  ['worker', namesIn(forBoth)],
] as const)('compose.yaml passes every variable of .env.example to the %s', (service, names) => {
  expect(names.length).toBeGreaterThan(20);
  const given = services[service].environment;
  const missing = names.filter((name) => !OF_COMPOSE.includes(name) && !given[name]?.includes(`\${${name}:`));
  expect(missing).toEqual([]);
});

it('.env.example names every variable that an API or a worker reads', () => {
  const read = Object.keys({ ...contextEnv, ...publishingEnv });
  expect(read.filter((name) => !namesIn(example).includes(name))).toEqual(OF_THE_SYSTEM);
});
