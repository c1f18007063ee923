import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repoRoot } from '../scripts/lib/home.mjs';
import { eventually } from './support/app.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { buildDockerfile, dockerfiles, type BuiltStage } from './support/dockerfile.ts';
import { processesOf } from './support/folder-processes.ts';
import { freePort } from './support/queue.ts';

// Tests the Docker images without Docker: runs the commands of each Dockerfile in an empty folder, then its CMD, then its
// HEALTHCHECK.

let scratch: string;
let database: TestDatabase;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'solospark-image-'));
  database = await createTestDatabase();
}, 60_000);
afterEach(() => {
  for (const line of processesOf(scratch)) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
});
afterAll(async () => {
  await database.drop();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
});

/** The environment that compose.yaml gives every container. */
function environmentOf(image: BuiltStage, port: number): Record<string, string> {
  return {
    ...image.env,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: database.url,
    PUBLIC_URL: 'http://127.0.0.1:1',
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    MEDIA_SIGNING_KEY: randomBytes(32).toString('hex'),
    BETTER_AUTH_SECRET: randomBytes(32).toString('hex'),
    MIGRATIONS_DIR: join(repoRoot, 'prisma', 'migrations'),
  };
}

function runIn(image: BuiltStage, env: Record<string, string>, [program = '', ...args]: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: image.directory,
    env,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

it.each(dockerfiles(repoRoot))(
  '%s: the built image starts, and its health check passes while it runs and fails afterwards',
  async (name) => {
    const folder = join(scratch, name);
    const image = await buildDockerfile(join(repoRoot, 'docker', name), {
      context: repoRoot,
      scratch: folder,
    });
    const env = environmentOf(image, await freePort());
    const compose = parse(readFileSync(join(repoRoot, 'docker', 'compose.yaml'), 'utf8'), {
      merge: true,
    }) as {
      services: { migrate: { command: string[] } };
    };
    // The API's image has the migrations: the service "migrate" of compose.yaml runs in it.
    if (name.startsWith('api')) {
      expect(runIn(image, env, compose.services.migrate.command)).toMatchObject({ status: 0 });
    }
    expect(runIn(image, env, image.healthCheck).status).not.toBe(0);

    const [program = '', ...args] = image.command;
    const running = spawn(program, args, { cwd: image.directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = outputOf(running);
    const health = () => Promise.resolve(runIn(image, env, image.healthCheck));
    await eventually(health, ({ status }) => status === 0, `${name} is healthy`, 90_000).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${output().slice(-2_000)}`);
      },
    );
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGTERM');
    await ended;
    expect((await health()).status).not.toBe(0);
  },
  900_000,
);

function outputOf(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => (output += String(bytes)));
  return () => output;
}
