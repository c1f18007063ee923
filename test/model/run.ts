import { parseArgs } from 'node:util';
import { bold, green, red, say, table } from '../../scripts/lib/report.mjs';
import { explore, type Exploration } from './explore.ts';
import { cleanWorlds, secondLines, switches, worldFor, type SwitchedOff } from './switches.ts';
import { worldOf, type World } from './world.ts';

/** `npm run model [-- --full] [-- --trace <switch>]`. The exit code is 1 when a run found a wrong violation, or missed an expected one. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { full: { type: 'boolean', default: false }, trace: { type: 'string' } },
  });
  if (values.trace !== undefined) return showTrace(values.trace);
  const cleanFailed = exploreClean(values.full);
  const offFailed = exploreSwitches();
  const secondFailed = exploreSecondLines();
  return cleanFailed || offFailed || secondFailed ? 1 : 0;
}

function exploreClean(full: boolean): boolean {
  const rows = [['platform', 'workers', 'people, faults, times', 'states', 'steps', 'seconds', 'found']];
  let failed = false;
  for (const world of cleanWorlds({ full })) {
    const found = explore(world);
    failed ||= !isClean(found);
    rows.push([
      world.platform,
      String(world.workers),
      boundsOf(world),
      ...figuresOf(found),
      isClean(found) ? 'nothing' : red(found.violation?.what ?? 'not exhausted'),
    ]);
    if (found.violation) printTrace(found);
  }
  say(bold('Everything on'));
  say(`${table(rows)}\n`);
  return failed;
}

function exploreSwitches(): boolean {
  const rows = [['switched off', 'mends', 'found', 'steps to it', 'states', 'seconds', 'instead']];
  let failed = false;
  for (const off of switches) {
    const found = explore(worldFor(off));
    const isFound = found.violation?.what.startsWith(off.finds) ?? false;
    failed ||= !isFound;
    rows.push([
      off.name,
      off.mends ?? '',
      isFound ? off.finds : red(`not "${off.finds}" but ${found.violation?.what ?? 'nothing'}`),
      String(found.violation?.trace.length ?? ''),
      String(found.states),
      found.seconds.toFixed(1),
      off.instead,
    ]);
  }
  say(bold('One switched off'));
  say(table(rows));
  say('\nnpm run model -- --trace <switch> prints how it comes to that.');
  return failed;
}

/** Explores without each second line of defence: within the assumptions, nothing depends on one of them alone. */
function exploreSecondLines(): boolean {
  const missed = secondLines.filter((name) => !isClean(explore(worldOf({ off: [name] }))));
  for (const name of missed) say(red(`something depends on ${name}`));
  return missed.length > 0;
}

function isClean(found: Exploration): boolean {
  return found.exhausted && found.violation === undefined;
}

const figuresOf = ({ states, transitions, seconds }: Exploration) => [
  String(states),
  String(transitions),
  seconds.toFixed(1),
];

/** How a world differs from the default one. */
function boundsOf({ people, faults, times, prompt, on }: World): string {
  const counts = Object.entries(faults).filter(([, count]) => count > 0);
  return [
    ...people,
    ...counts.map(([fault, count]) => `${fault} ${count}`),
    ...(prompt ? ['prompt'] : []),
    ...(times.call === 1 ? [] : [`call ${times.call}`, `absence ${times.absence}`]),
    ...Object.entries(on).flatMap(([name, isOn]) => (isOn ? [] : [`without ${name}`])),
  ].join(', ');
}

function showTrace(name: string): number {
  const off = switches.find((one) => one.name === name);
  if (!off) {
    say(`There is no "${name}"; there are ${switches.map((one) => one.name).join(', ')}.`);
    return 1;
  }
  printTrace(explore(worldFor(off)), off);
  return 0;
}

function printTrace({ violation }: Exploration, off?: SwitchedOff): void {
  if (off) say(bold(`${off.name} off: ${off.instead}`));
  if (!violation) return say(green('nothing was found'));
  violation.trace.forEach((step, i) => say(`${String(i + 1).padStart(3)}. ${step}`));
  say(`     ${red(violation.what)}`);
}
