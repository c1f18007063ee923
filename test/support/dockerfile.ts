import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

// Runs a Dockerfile without Docker: its commands in order, each stage in an empty folder that is the root of its file system.
// Programs of the base image are those of this machine; its user "node" is left out.

/** Absolute paths that the Dockerfiles use. In a command they are replaced by paths inside the stage's folder. */
const PLACES = /(?<![\w.$}/-])\/(?=(?:app|repo|out|data|home\/node)(?:[/\s"':;]|$))/g;

export interface BuiltStage {
  root: string;
  /** The folder that WORKDIR names, on this machine. */
  directory: string;
  env: Record<string, string>;
  command: string[];
  healthCheck: string[];
}

interface Instruction {
  name: string;
  rest: string;
}

/** Builds every stage of the file, and returns the last one. `scratch` is an empty folder. */
export async function buildDockerfile(
  dockerfile: string,
  { context, scratch }: { context: string; scratch: string },
): Promise<BuiltStage> {
  const stages = new Map<string, BuiltStage>();
  let stage: BuiltStage | undefined;
  const shims = makeShims(join(scratch, 'shims'));
  for (const { name, rest } of parse(readFileSync(dockerfile, 'utf8'))) {
    if (name === 'FROM') {
      const [from = '', , as = 'final'] = rest.split(/\s+/);
      stage = openStage(join(scratch, as), stages.get(from), shims);
      stages.set(as, stage);
      continue;
    }
    if (!stage) throw new Error(`${name} before FROM`);
    await carryOut(stage, { name, rest }, stages, context);
  }
  if (!stage) throw new Error(`${dockerfile} has no stage`);
  return stage;
}

function openStage(root: string, base: BuiltStage | undefined, shims: string): BuiltStage {
  mkdirSync(root, { recursive: true });
  if (base) cpSync(base.root, root, { recursive: true, verbatimSymlinks: true });
  const moved = (text: string) => (base ? text.replaceAll(base.root, root) : text);
  const inherited = Object.entries(base?.env ?? {}).map(([name, value]) => [name, moved(value)]);
  const path = `${shims}:${process.env['PATH'] ?? ''}`;
  return {
    root,
    directory: moved(base?.directory ?? root),
    env: { PATH: path, HOME: process.env['HOME'] ?? root, ...Object.fromEntries(inherited) } as Record<
      string,
      string
    >,
    command: [],
    healthCheck: [],
  };
}

async function carryOut(
  stage: BuiltStage,
  { name, rest }: Instruction,
  stages: Map<string, BuiltStage>,
  context: string,
): Promise<void> {
  const here = (text: string) => text.replace(PLACES, `${stage.root}/`);
  switch (name) {
    case 'ENV':
      for (const [, variable = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) {
        const own = here(value).replace(/\$(\w+)/g, (_, other: string) => stage.env[other] ?? '');
        stage.env[variable] = own;
      }
      return;
    case 'WORKDIR':
      stage.directory = join(stage.root, rest);
      mkdirSync(stage.directory, { recursive: true });
      return;
    case 'COPY':
      return copy(stage, rest, stages, context);
    case 'RUN':
      // A cache mount keeps what apt and npm have downloaded out of the image; here there is none.
      return run(stage, here(rest.replace(/--mount=\S+ /g, '')));
    case 'HEALTHCHECK':
      stage.healthCheck = words(here(rest.slice(rest.indexOf('CMD') + 3)));
      return;
    case 'CMD':
      stage.command = words(here(rest));
      return;
    case 'USER':
    case 'EXPOSE':
      return;
    default:
      throw new Error(`this interpreter does not know ${name}`);
  }
}

/** One instruction per line; comments are removed and continued lines are joined. */
function parse(text: string): Instruction[] {
  const joined = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, ' ');
  return joined
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => ({
      name: line.slice(0, line.indexOf(' ')),
      rest: line.slice(line.indexOf(' ') + 1).trim(),
    }));
}

function words(text: string): string[] {
  return JSON.parse(text.trim()) as string[];
}

function copy(stage: BuiltStage, rest: string, stages: Map<string, BuiltStage>, context: string): void {
  const parts = rest.split(/\s+/);
  const from = parts[0]?.startsWith('--from=')
    ? stages.get(parts.shift()?.slice('--from='.length) ?? '')
    : undefined;
  const target = parts.pop() ?? '';
  const into = target.startsWith('/') ? join(stage.root, target) : join(stage.directory, target);
  for (const part of parts) {
    const source = from ? join(from.root, part) : join(context, part);
    const ignored = from ? () => false : ignoredIn(context);
    if (!existsSync(source)) throw new Error(`COPY ${part}: there is no such file`);
    const isFolder = statSync(source).isDirectory();
    // Docker copies the contents of a folder, but keeps the name of a file.
    const to = !isFolder && target.endsWith('/') ? join(into, basename(source)) : into;
    mkdirSync(isFolder ? to : join(to, '..'), { recursive: true });
    cpSync(source, to, { recursive: true, verbatimSymlinks: true, filter: (path) => !ignored(path) });
  }
}

/** Tells which paths .dockerignore excludes from the context. */
function ignoredIn(context: string): (path: string) => boolean {
  const patterns = readFileSync(join(context, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const body = line
        .replace(/[.+^${}()|[\]]/g, '\\$&')
        .replace(/\*\*\//g, '(?:.*/)?')
        .replace(/(?<!\.)\*/g, '[^/]*');
      return new RegExp(`^${body}(?:/|$)`);
    });
  return (path) => {
    const relative = path.slice(context.length).replace(/^\/+/, '');
    return relative !== '' && patterns.some((pattern) => pattern.test(relative));
  };
}

async function run(stage: BuiltStage, command: string): Promise<void> {
  const child = spawn('/bin/sh', ['-ec', command], {
    cwd: stage.directory,
    env: stage.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (code !== 0) throw new Error(`RUN ${command} ended with ${String(code)}:\n${output.slice(-3_000)}`);
}

/** Replacements for chown and install: this machine has no user "node", and only root may change a file's owner. */
function makeShims(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const shims = {
    chown: 'exit 0',
    // What Debian's packages bring, this machine has or the tests miss.
    'apt-get': 'exit 0',
    install:
      'PATH=${PATH#*:}\nset -- $(printf "%s\\n" "$@" | sed "/^-[og]$/d; /^node$/d")\nexec install "$@"',
  };
  for (const [name, body] of Object.entries(shims)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

export function dockerfiles(context: string): string[] {
  return readdirSync(join(context, 'docker')).filter((name) => name.endsWith('.Dockerfile'));
}
