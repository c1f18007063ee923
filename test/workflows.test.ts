import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import {
  commitsAt,
  digestOf,
  filesToPin,
  findReferences,
  pinAll,
  readReferences,
} from '../scripts/lib/pins.mjs';

// The workflows that build and push the images have only the permissions they need, and use only pinned commits and digests.

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  permissions?: Record<string, string>;
  steps?: Step[];
}
interface Workflow {
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}
const workflows = readdirSync(join(root, '.github/workflows')).map((name) => ({
  name,
  workflow: parse(read(`.github/workflows/${name}`)) as Workflow,
}));
const references = readReferences(root);

describe.each(workflows)('the workflow $name', ({ name, workflow }) => {
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps ?? []);

  it('grants no default permission, so that each job names its own', () => {
    expect(workflow.permissions).toEqual({});
    expect(jobs.filter(([, { permissions }]) => permissions === undefined)).toEqual([]);
  });

  it('may write only packages, and only in the job that pushes an image', () => {
    for (const [, job] of jobs) {
      const { packages, ...others } = job.permissions ?? {};
      const pushes = job.steps?.some(({ uses }) => uses?.startsWith('docker/build-push-action@')) ?? false;
      expect([others, packages]).toEqual([{ contents: 'read' }, pushes ? 'write' : undefined]);
    }
  });

  it('pins every action by its commit, with the release in a comment', () => {
    const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    const found = references.filter(({ kind, file }) => kind === 'action' && file.endsWith(`/${name}`));
    expect(found.map((each) => `${each.name}@${each.pin}`)).toEqual(used);
    expect(found.filter(({ tag }) => !/^v\d+\.\d+\.\d+$/.test(tag ?? ''))).toEqual([]);
  });

  it('leaves no token in the checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
  });
});

describe('the audit of shipped dependencies', () => {
  it('runs daily in its own workflow, and not in ci, which must not fail because of a new advisory', () => {
    expect(read('.github/workflows/audit.yml')).toMatch(/cron: .+[\s\S]+ audit --prod$/m);
    expect(
      [read('.ci/run'), read('.github/workflows/ci.yml')].filter((text) => text.includes('audit --')),
    ).toEqual([]);
  });
});

describe('base images', () => {
  it('are all found by `npm run pin`', () => {
    // Found in another way than by the pin script: every image except stages and images that are built here.
    const images = filesToPin(root).flatMap((file) => {
      const text = read(file);
      if (file.endsWith('Dockerfile')) {
        const stages = [...text.matchAll(/ AS (\S+)$/gm)].map(([, stage]) => stage);
        const from = [...text.matchAll(/^FROM (?:--\S+ )*(\S+)/gm)].map(([, from]) => from);
        const syntax = [...text.matchAll(/^# syntax=(\S+)/gm)].map(([, name]) => name);
        return [...syntax, ...from]
          .filter((image) => !stages.includes(image))
          .map((image) => `${file} ${image}`);
      }
      if (!file.startsWith('docker/')) return [];
      const { services } = parse(text) as { services: Record<string, { image?: string }> };
      return Object.values(services)
        .flatMap(({ image }) => (image?.includes(':') && !image.includes('$') ? [image] : []))
        .map((image) => `${file} ${image}`);
    });
    const known = references
      .filter(({ kind, file }) => kind === 'image' && file.startsWith('docker/'))
      .map(({ file, name, tag, pin }) => `${file} ${name}:${tag}${pin === null ? '' : `@${pin}`}`);
    expect(images.length).toBeGreaterThan(5);
    expect(known.sort()).toEqual(images.sort());
  });

  it('of ci are found by Renovate, with or without a digest', () => {
    const { customManagers } = JSON.parse(read('renovate.json')) as {
      customManagers: { matchStrings: string[] }[];
    };
    const pattern = new RegExp(customManagers[0]?.matchStrings[0] ?? '', 'g');
    const found = (text: string) => [...text.matchAll(pattern)].map(([whole]) => whole);
    const ci = read('.github/workflows/ci.yml');
    const known = references.filter(({ kind, file }) => kind === 'image' && file.endsWith('/ci.yml'));
    expect(known).toHaveLength(2);
    expect(found(ci)).toHaveLength(2);
    expect(found(`['node:20-bookworm@sha256:${'a'.repeat(64)}']`)).toHaveLength(1);
  });
});

describe('a reference to pin', () => {
  it.each([
    [
      'an action in a folder',
      'a.yml',
      '  - uses: actions/cache/restore@v5',
      ['actions/cache/restore', 'v5', null],
    ],
    ['a pinned action', 'a.yml', `  uses: a/b@${'1'.repeat(40)} # v1.2.3`, ['a/b', 'v1.2.3', '1'.repeat(40)]],
    [
      'a pinned action without a release in a comment',
      'a.yml',
      `- uses: a/b@${'1'.repeat(40)}`,
      ['a/b', null, '1'.repeat(40)],
    ],
    ['an image of another registry', 'a.yml', 'image: ghcr.io/a/b:1', ['ghcr.io/a/b', '1', null]],
    [
      'an image with a digest',
      'Dockerfile',
      `FROM node:24@sha256:${'a'.repeat(64)} AS base`,
      ['node', '24', `sha256:${'a'.repeat(64)}`],
    ],
    ['a container of a job', 'a.yml', '    container: node:24', ['node', '24', null]],
  ])('is %s', (_what, file, line, [name, tag, pin]) => {
    expect(findReferences(file, line)).toEqual([expect.objectContaining({ name, tag, pin })]);
  });

  it.each([
    ['an action of this repository', '- uses: ./.github/actions/a'],
    ['a stage', 'FROM base AS built'],
    ["an operator's choice", 'image: ${API_IMAGE:-solospark-api}'],
    ['an image that is built here', 'image: solospark-sandbox'],
    ['an image that a job pushes', '          images: ghcr.io/${{ github.repository }}-api'],
  ])('is not %s', (_what, line) => {
    expect(findReferences('a.yml', line)).toEqual([]);
  });
});

describe('`npm run pin`', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'solospark-pins-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A real repository with a lightweight tag v1 and an annotated tag v2. */
  const publish = (name: string) => {
    const path = join(folder, 'origin', name);
    mkdirSync(path, { recursive: true });
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', path, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
        encoding: 'utf8',
      }).trim();
    git('init', '--quiet');
    const commit = () => {
      git('commit', '--quiet', '--allow-empty', '--no-gpg-sign', '--message', 'a');
      return git('rev-parse', 'HEAD');
    };
    const v1 = commit();
    git('tag', 'v1');
    const v2 = commit();
    git('tag', '--annotate', '--no-sign', '--message', 'a', 'v2');
    return { v1, v2 };
  };
  const workflow = (...lines: string[]) => {
    mkdirSync(join(folder, '.github/workflows'), { recursive: true });
    writeFileSync(join(folder, '.github/workflows/a.yml'), lines.join('\n'));
  };
  const pin = () =>
    pinAll({
      root: folder,
      commitOf: commitsAt(`file://${join(folder, 'origin')}`),
      digestOf: (image) => Promise.resolve(`sha256:${Buffer.from(image).toString('hex').padEnd(64, '0')}`),
    });
  const written = () => readFileSync(join(folder, '.github/workflows/a.yml'), 'utf8').split('\n');

  it('writes the commit of a lightweight and of an annotated tag, and keeps the tag in a comment', async () => {
    const { v1, v2 } = publish('a/b');
    workflow('      - uses: a/b@v1', '      - uses: a/b/sub@v2', '        with: { a: 1 }');
    expect((await pin()).problems).toEqual([]);
    expect(written()).toEqual([
      `      - uses: a/b@${v1} # v1`,
      `      - uses: a/b/sub@${v2} # v2`,
      '        with: { a: 1 }',
    ]);
    expect(await pin()).toEqual({ pinned: [], problems: [] });
  });

  it('refuses a pinned commit that its tag no longer points to, and changes nothing', async () => {
    const { v1, v2 } = publish('a/b');
    workflow(`- uses: a/b@${v1} # v2`);
    const { problems } = await pin();
    expect(problems).toEqual([expect.stringContaining(`a/b@v2 is ${v2} today, and not ${v1}`)]);
    expect(written()).toEqual([`- uses: a/b@${v1} # v2`]);
  });

  it('reports a tag and a repository that do not exist, and pins the others', async () => {
    const { v1 } = publish('a/b');
    workflow('- uses: a/b@v9', '- uses: no/thing@v1', '- uses: a/b@v1');
    const { problems } = await pin();
    expect(problems).toEqual([
      expect.stringMatching(/a\/b@v9: there is no tag v9/),
      expect.stringMatching(/no\/thing/),
    ]);
    expect(written()[2]).toBe(`- uses: a/b@${v1} # v1`);
  });

  it('pins the images of this repository, and has nothing to do the second time', async () => {
    for (const file of ['docker', '.github/workflows'])
      cpSync(join(root, file), join(folder, file), { recursive: true });
    const options = {
      root: folder,
      // Accepts the pinned commits of actions: this test is about images.
      commitOf: (name: string, tag: string) =>
        Promise.resolve(references.find((each) => each.name === name && each.tag === tag)?.pin ?? ''),
      digestOf: () => Promise.resolve(`sha256:${'a'.repeat(64)}`),
    };
    expect((await pinAll(options)).problems).toEqual([]);
    expect(readReferences(folder).filter((each) => each.pin === null)).toEqual([]);
    expect(readReferences(folder)).toHaveLength(references.length);
    expect(await pinAll(options)).toEqual({ pinned: [], problems: [] });
  });

  it('reports that docker is not installed', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      await expect(digestOf('node:24')).rejects.toThrow('docker is not installed here.');
    } finally {
      process.env['PATH'] = path;
    }
  });
});
