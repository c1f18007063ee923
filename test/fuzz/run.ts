import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { heldMb, residentMb, startStack, type Life } from './stack.ts';

/** How much a warm process may grow above its level after the first requests: caches, compiled code, unreturned pages. */
const MAY_KEEP_MB = 80;

/** `npm run fuzz -- --seed N --requests 25000`, against a real API process. The exit code is 1 when an answer is wrong. */
export async function main(args: string[], life: Life): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { seed: { type: 'string', default: '1' }, requests: { type: 'string', default: '25000' } },
  });
  const { app, api, url } = await startStack(life);
  const common = {
    ...{ baseUrl: url, organizationId: app.organizationId, apiKey: app.apiKey, signal: life.signal },
    ids: app.channels.map(({ id }) => id),
  };
  // A warm-up: memory is compared with a process that has handled every operation once.
  await fuzz({ ...common, seed: Number(values.seed) + 1_000, requests: 500 });
  const before = await heldMb(api);
  const through: number[] = [];
  const sampling = setInterval(() => through.push(residentMb(api.pid)), 10_000);
  const { requests, operations, statuses, violations } = await fuzz({
    ...common,
    seed: Number(values.seed),
    requests: Number(values.requests),
  });
  clearInterval(sampling);
  const after = await heldMb(api);
  print(`${requests} requests over ${operations} operations, seed ${values.seed}`);
  for (const [operation, counts] of Object.entries(statuses)) {
    const told = Object.entries(counts).map(([status, count]) => `${status}: ${count}`);
    print(`  ${operation.padEnd(24)} ${told.join(', ')}`);
  }
  print(
    `resident memory: ${before} MB before, ${through.join(', ')} MB every ten seconds, ${after} MB after the end`,
  );
  for (const violation of violations.slice(0, 50)) print(`VIOLATION ${violation}`);
  print(
    `${violations.length} violations (an internal error, no answer, or an answer that is not documented)`,
  );
  if (api.output() !== '') print(`the API's error log:\n${api.output().slice(0, 3_000)}`);
  const grew = after - before > MAY_KEEP_MB;
  if (grew) print(`resident memory has not returned to its level`);
  return violations.length > 0 || grew || requests < Number(values.requests) ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
