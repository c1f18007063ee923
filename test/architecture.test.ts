import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findViolations, parseFloorPlan, readSources } from './support/architecture.ts';

const root = join(import.meta.dirname, '..');
const plan = parseFloorPlan(readFileSync(join(root, 'docs', 'architecture.md'), 'utf8'));

describe('the rooms', () => {
  it('each have a floor in docs/architecture.md', () => {
    const rooms = ['apps', 'packages'].flatMap((floor) =>
      readdirSync(join(root, floor)).map((room) => `${floor}/${room}`),
    );
    expect([...plan.floors.keys()].sort()).toEqual(rooms.sort());
  });

  it('import and use only what docs/architecture.md allows', () => {
    expect(findViolations(plan, readSources(root))).toEqual([]);
  });
});

describe('the import checker', () => {
  const publishers = {
    'packages/publishers/src/x/publisher.ts': '',
    'packages/publishers/src/mastodon/publisher.ts': '',
  };
  const violationsOf = (files: Record<string, string>) =>
    findViolations(plan, new Map(Object.entries({ ...publishers, ...files })));

  it.each([
    ['an upward import', 'packages/db/src/a.ts', "import { a } from '@solospark/domain';"],
    [
      'an upward import inside the domain',
      'packages/domain/src/post/a.ts',
      "import { a } from '../delivery/b.ts';",
    ],
    [
      'an upward type inside the domain',
      'packages/domain/src/media/a.ts',
      "import type { A } from '../post/post.ts';",
    ],
    ['a folder beside it', 'packages/domain/src/media/a.ts', "import { a } from '../identity/a.ts';"],
    ['a folder without a floor', 'packages/domain/src/odd/a.ts', "import { a } from '../media/a.ts';"],
    ['a circle', 'packages/db/src/a.ts', "import { a } from './a.ts';"],
    ['an import on the same floor', 'packages/queue/src/a.ts', "import type { A } from '@solospark/db';"],
    ['an import of itself by name', 'packages/domain/src/a.ts', "export * from '@solospark/domain';"],
    ['an import of an app', 'packages/domain/src/a.ts', "export { a } from '@solospark/api';"],
    [
      'a path out of the room',
      'apps/api/src/a.ts',
      "import { a } from '../../../packages/db/src/client.ts';",
    ],
    ['a path through an export', 'apps/api/src/a.ts', "import { a } from '@solospark/db/src/client.ts';"],
    ['a dynamic import', 'packages/db/src/a.ts', "const a = await import('@solospark/api');"],
    ['an imported type', 'packages/db/src/a.ts', "type A = import('@solospark/domain').A;"],
    ['a require', 'apps/worker/src/a.ts', "const a = require('bullmq');"],
    ['a room without a floor', 'packages/attic/src/a.ts', "import { a } from '@solospark/foundation';"],
    ['Prisma outside of db', 'packages/domain/src/a.ts', "import { Prisma } from '@prisma/client';"],
    ['pg outside of db', 'packages/queue/src/a.ts', "import pg from 'pg';"],
    ['ioredis outside of queue', 'packages/domain/src/a.ts', "import { Redis } from 'ioredis';"],
    [
      'sharp outside of media',
      'packages/domain/src/a.ts',
      "const { default: sharp } = await import('sharp');",
    ],
    ['Fastify outside of the doors', 'apps/worker/src/a.ts', "import fastify from 'fastify';"],
    [
      'a Fastify plugin outside of the doors',
      'packages/domain/src/a.ts',
      "import cors from '@fastify/cors';",
    ],
    [
      'better-auth outside of api',
      'apps/worker/src/a.ts',
      "import { betterAuth } from 'better-auth/minimal';",
    ],
    ['HTTP outside of publishers', 'packages/domain/src/a.ts', "const answer = await fetch('http://a');"],
    ['a socket outside of publishers', 'packages/queue/src/a.ts', "import { request } from 'node:https';"],
    ['the environment outside of config.ts', 'apps/api/src/main.ts', 'const a = process.env.A;'],
    ['the environment in a package', 'packages/db/src/a.ts', "const { A } = process['env'];"],
    ['a platform in a string', 'packages/domain/src/a.ts', "if (channel.platform === 'x') stop();"],
    ['a platform in a name', 'packages/domain/src/a.ts', 'const mastodonLimit = 500;'],
    ['a platform as a key', 'apps/worker/src/a.ts', 'const rates = { x: 1 };'],
    ['a platform in generic publisher code', 'packages/publishers/src/publisher.ts', "const a = 'Mastodon';"],
  ])('refuses %s', (_what, path, text) => {
    expect(violationsOf({ [path]: text })).toEqual([expect.stringContaining(path)]);
  });

  it.each([
    ['an import from a floor below', 'packages/domain/src/a.ts', "import { a } from '@solospark/db';"],
    ['an import inside the room', 'packages/domain/src/post/a.ts', "import { a } from '../channel/a.ts';"],
    ['a library in its room', 'packages/queue/src/a.ts', "import { Queue } from 'bullmq';"],
    ['the environment in config.ts', 'apps/worker/src/config.ts', 'const a = process.env;'],
    ['a platform in its folder', 'packages/publishers/src/x/a.ts', "export const id = 'x';"],
    [
      'a platform in the registry',
      'packages/publishers/src/registry.ts',
      "import { x } from './x/publisher.ts';",
    ],
    ['a platform in the sandbox', 'apps/sandbox/src/a.ts', "const a = 'mastodon';"],
    ['a platform in a comment', 'packages/domain/src/a.ts', '// Mastodon, for example.\nconst a = 1;'],
    [
      'a short word that is no name',
      'packages/domain/src/a.ts',
      "const point = (x: number) => ({ left: x, 'x-y': x });",
    ],
  ])('allows %s', (_what, path, text) => {
    expect(violationsOf({ [path]: text })).toEqual([]);
  });
});
