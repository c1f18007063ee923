import { reservePort } from '../../test/chaos/servers.ts';
import type { LoadResult } from '../http/load.ts';
import { sendLoad } from '../http/send-load.ts';
import { CREATE, CREATE_WITHOUT_JOB, FLOOR, openFloor, openOurs, SCHEDULE } from '../http/sides.ts';
import { install } from '../installation.ts';
import { median, ratios, show } from '../measures/statistics.ts';
import { profileArgs } from '../options.ts';
import { OURS, verdict, type Bench, type Report } from './section.ts';

const CONNECTIONS = 20;
const WARM_UP_MS = 2_000;
const MEASURE_MS = 5_000;
const TARGET = 0.5;

type HttpResult = LoadResult & { request: string; side: string; run: number };

/** Measures requests per second of our API, compared with the minimum that any API would do. */
export async function measureHttp(bench: Bench): Promise<Report> {
  const { options, servers, logs } = bench;
  const installation = await install({
    ...options,
    servers,
    logs,
    platformUrl: 'http://127.0.0.1:9',
    accounts: 1,
    apiPort: await reservePort(),
  });
  const { only = '' } = options;
  const sides = [await openOurs(installation, profileArgs(options)), await openFloor(servers, logs)].filter(
    ({ name }) => name.toLowerCase().includes(only.toLowerCase()),
  );
  const results: HttpResult[] = [];
  for (let run = 1; run <= options.runs; run += 1) {
    for (const side of sides) {
      bench.signal.throwIfAborted();
      await servers.redis.flush();
      const api = await side.start();
      try {
        for (const [request, load] of Object.entries(side.loads)) {
          await servers.settle();
          const result = await sendLoad(
            { ...load, connections: CONNECTIONS, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS },
            logs,
          );
          results.push({ ...result, request, side: side.name, run });
          bench.progress(
            `${request}, run ${run}, ${side.name}: ${result.perSecond.toFixed(0)}/s, p99 ${result.p99.toFixed(0)} ms`,
          );
        }
      } finally {
        await api.end('SIGTERM');
      }
    }
  }
  const compared = [
    { request: SCHEDULE, floor: SCHEDULE, what: 'one UPDATE, one job' },
    { request: CREATE, floor: CREATE, what: 'one INSERT, one job' },
    { request: CREATE, floor: CREATE_WITHOUT_JOB, what: 'one INSERT' },
  ];
  return {
    title: `Over HTTP: ${CONNECTIONS} connections, each sends the next request after its answer`,
    head: [
      'request',
      'floor',
      'ours /s',
      'floor /s',
      'rate ÷ floor',
      'ours p99 ms',
      'floor p99 ms',
      'target',
    ],
    rows: compared.map(({ request, floor, what }) => {
      const of = (side: string, name: string) =>
        results.filter((result) => result.side === side && result.request === name);
      const [own, bare] = [of(OURS, request), of(FLOOR, floor)];
      const rate = ratios(rates(own), rates(bare));
      const met = median(rate) >= TARGET;
      return [
        ...[request, `${FLOOR}, ${what}`, show(rates(own)), show(rates(bare)), show(rate, 2)],
        ...[show(p99s(own), 1), show(p99s(bare), 1)],
        floor === CREATE_WITHOUT_JOB ? '' : verdict(`≥ ${TARGET} × floor`, met),
      ];
    }),
    notes: [
      'The floor has no key, no checks, no revision and no log. Our POST writes a draft, which has no job.',
    ],
    raw: results,
  };
}

const rates = (results: HttpResult[]) => results.map(({ perSecond }) => perSecond);
const p99s = (results: HttpResult[]) => results.map(({ p99 }) => p99);
