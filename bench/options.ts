import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repoRoot } from '../scripts/lib/home.mjs';

export const SECTIONS = ['burst', 'spread', 'http', 'cost', 'recovery'] as const;
export type Section = (typeof SECTIONS)[number];

export interface BenchOptions {
  sections: Section[];
  runs: number;
  engine: 'redis' | 'postgres';
  /** Runs only the contestants whose names contain this. */
  only: string | undefined;
  json: string | undefined;
  /** The sizes of the bursts, instead of 60, 1,000 and 10,000; for `cost` the number of scheduled posts. */
  posts: number[] | undefined;
  concurrency: number;
  accounts: number;
  /** PostgreSQL's fsync: off only to measure what the disk costs. */
  fsync: boolean;
  /** The built tree to measure. */
  root: string;
  /** A folder for CPU profiles (`node --cpu-prof`) of our worker and API. */
  profile: string | undefined;
  /** A folder for the logs. When undefined, a temporary one, which is removed at the end. */
  keep: string | undefined;
}

export function readOptions(args: string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      engine: { type: 'string', default: 'redis' },
      only: { type: 'string' },
      json: { type: 'string' },
      posts: { type: 'string' },
      concurrency: { type: 'string', default: '50' },
      accounts: { type: 'string', default: '500' },
      fsync: { type: 'string', default: 'on' },
      root: { type: 'string' },
      profile: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  const { engine, only, json } = values;
  if (engine !== 'redis' && engine !== 'postgres')
    throw new Error(`--engine is redis or postgres, not ${engine}`);
  return {
    sections: sectionsOf(positionals),
    runs: numberOf('runs', values.runs),
    engine,
    only,
    json,
    posts: values.posts?.split(',').map((size) => numberOf('posts', size)),
    concurrency: numberOf('concurrency', values.concurrency),
    accounts: numberOf('accounts', values.accounts),
    fsync: values.fsync !== 'off',
    root: values.root ? resolve(values.root) : repoRoot,
    profile: values.profile && resolve(values.profile),
    keep: values.keep && resolve(values.keep),
  };
}

function sectionsOf(names: string[]): Section[] {
  if (names.length === 0 || names.includes('all')) return [...SECTIONS];
  return names.map((name) => {
    const found = SECTIONS.find((section) => section === name);
    if (!found) throw new Error(`There is no "${name}"; there are ${SECTIONS.join(', ')} and all.`);
    return found;
  });
}

function numberOf(name: string, text: string): number {
  const value = Number(text.replaceAll(/[,_]/g, ''));
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a number from 1, not ${text}`);
  return value;
}

export function profileArgs({ profile }: BenchOptions): string[] {
  return profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
}
