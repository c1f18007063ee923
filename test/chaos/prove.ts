import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bold, fail, green, red, say } from '../../scripts/lib/report.mjs';
import { bundleAgain, copyBuild } from './build-copy.ts';
import { readOptions } from './options.ts';
import { protections, type Protection } from './protections.ts';
import { runChaos, type Findings, type Life } from './run.ts';

// `npm run chaos:prove` shows that the checks of chaos can fail. It switches each protection off in a copy of the build, and
// chaos has to find a violation; with all of them on, the same seed and faults have to find none.

interface Row {
  protection: Protection;
  off: Findings;
  on: Findings | undefined;
}

export async function main(args: string[], life: Life): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      root: { type: 'string' },
      'no-control': { type: 'boolean', default: false },
    },
  });
  const chosen = protections.filter(({ name }) => name.includes(values.only ?? ''));
  const rows: Row[] = [];
  for (const protection of chosen) {
    say('');
    say(bold(`Without ${protection.name}: ${protection.instead}`));
    const off = await runOne(protection, life, { patched: true, from: values.root });
    if (!off) return 130;
    say('');
    if (!values['no-control']) say(bold(`With ${protection.name}`));
    const on = values['no-control']
      ? undefined
      : await runOne(protection, life, { patched: false, from: values.root });
    rows.push({ protection, off, on });
  }
  say('');
  say(bold('protection switched off | what it caused | with it | seed, mix'));
  for (const row of rows) say(lineOf(row));
  const missed = rows.filter(({ off }) => off.violations.length === 0);
  const noisy = rows.filter(({ on }) => on && on.violations.length > 0);
  for (const { protection } of missed) fail(`nothing was found without ${protection.name}`);
  for (const { protection } of noisy) fail(`something was found with ${protection.name} as well`);
  return missed.length + noisy.length === 0 ? 0 : 1;
}

async function runOne(
  protection: Protection,
  life: Life,
  { patched, from }: { patched: boolean; from: string | undefined },
): Promise<Findings | undefined> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  life.onClose(close);
  const copy = copyBuild(from);
  closers.push(copy.remove);
  try {
    if (patched) applyPatches(copy.root, protection);
    const { seed, minutes, mix, engine = 'redis', quietSeconds = 240 } = protection;
    const numbers = {
      seed,
      minutes,
      mix,
      engine,
      'quiet-seconds': patched ? quietSeconds : 240,
      root: copy.root,
      keep: join(copy.root, 'logs'),
    };
    const options = readOptions(
      Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]),
    );
    return await runChaos(options, { signal: life.signal, onClose: (closer) => closers.push(closer) });
  } finally {
    await close();
  }
}

function applyPatches(root: string, { name, patches }: Protection): void {
  for (const { file, find, replace } of patches) {
    const path = join(root, file);
    const before = readFileSync(path, 'utf8');
    if (before.search(find) < 0) throw new Error(`${name} is not in ${file} any more: ${String(find)}`);
    writeFileSync(path, before.replace(find, replace));
  }
  bundleAgain(root);
}

function lineOf({ protection, off, on }: Row): string {
  const caused = countsOf(off);
  return [
    protection.name,
    caused ? green(caused) : red('NOTHING'),
    on === undefined ? 'not run' : on.violations.length === 0 ? green('clean') : red(countsOf(on)),
    `${protection.seed}, ${protection.mix}`,
  ].join(' | ');
}

function countsOf({ figures }: Findings): string {
  return Object.entries(figures.violations)
    .map(([kind, n]) => `${n} ${kind}`)
    .join(', ');
}
