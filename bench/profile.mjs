// @ts-check
// `node bench/profile.mjs <folder or file>…`: prints the CPU time of a `.cpuprofile` (of `--profile <folder>`) by package and by
// function, without idle time.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const TOP = 25;

/** @typedef {{ id: number, callFrame: { functionName: string, url: string, lineNumber: number } }} Node */
/** @typedef {{ nodes: Node[], samples: number[], timeDeltas: number[] }} Profile */

const files = process.argv.slice(2).flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => name.endsWith('.cpuprofile'))
        .map((name) => join(path, name))
    : [path],
);
for (const file of files) {
  /** @type {Profile} */
  const profile = JSON.parse(readFileSync(file, 'utf8'));
  const { byPackage, byFunction, busyMs, idleMs } = addUp(profile);
  process.stdout.write(`\n${file}: ${busyMs.toFixed(0)} ms busy, ${idleMs.toFixed(0)} ms idle\n`);
  print('package', byPackage, busyMs);
  print('function', byFunction, busyMs);
}

/** @param {Profile} profile */
function addUp({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  /** @type {Map<string, number>} */
  const byPackage = new Map();
  /** @type {Map<string, number>} */
  const byFunction = new Map();
  let [busyMs, idleMs] = [0, 0];
  samples.forEach((id, index) => {
    const frame = byId.get(id);
    const ms = (timeDeltas[index] ?? 0) / 1_000;
    if (!frame || frame.functionName === '(idle)') return void (idleMs += ms);
    busyMs += ms;
    const where = packageOf(frame.url);
    const name = `${frame.functionName || '(anonymous)'}  ${where}:${frame.lineNumber + 1}`;
    byPackage.set(where, (byPackage.get(where) ?? 0) + ms);
    byFunction.set(name, (byFunction.get(name) ?? 0) + ms);
  });
  return { byPackage, byFunction, busyMs, idleMs };
}

/** @param {string} url */
function packageOf(url) {
  const library = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  return library ?? /\/((?:apps|packages)\/[^/]+\/dist\/.*)$/.exec(url)?.[1] ?? (url || 'V8 and Node');
}

/** @param {string} title @param {Map<string, number>} times @param {number} busyMs */
function print(title, times, busyMs) {
  process.stdout.write(`  by ${title}\n`);
  for (const [name, ms] of [...times].sort(([, a], [, b]) => b - a).slice(0, TOP)) {
    process.stdout.write(
      `  ${ms.toFixed(0).padStart(7)} ms ${((100 * ms) / busyMs).toFixed(1).padStart(5)} %  ${name}\n`,
    );
  }
}
