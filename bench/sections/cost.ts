import { reservePort } from '../../test/chaos/servers.ts';
import { startFloor } from '../http/sides.ts';
import { median, ratios, show } from '../measures/statistics.ts';
import { openField } from './contestants.ts';
import { measureCost, type Costs, type CostSide } from './measure-cost.ts';
import { BASELINE, OURS, verdict, type Bench, type Report } from './section.ts';

const POSTS = 100_000;
const RSS_TARGET_MB = 200;

/** Measures the size of a scheduled post, and the cost of having many of them. */
export async function measureCosts(bench: Bench): Promise<Report> {
  const { options, servers, logs } = bench;
  const posts = options.posts?.[0] ?? POSTS;
  const field = await openField(bench, 'plain');
  const sides = field.contestants.map((contestant): CostSide => {
    if (contestant.name !== OURS) {
      const startApi = async () => startFloor(servers, logs, await reservePort());
      return { contestant, sql: servers.baselineSql, startApi };
    }
    const startApi = async () => (await field.installation.startApi(await reservePort())).child;
    return { contestant, sql: servers.sql, startApi };
  });
  const results: { contestant: string; run: number; costs: Costs }[] = [];
  for (let run = 1; run <= options.runs; run += 1) {
    for (const side of sides) {
      const { name } = side.contestant;
      bench.progress(`${posts} scheduled, run ${run}, ${name} …`);
      const costs = await measureCost(bench, field, side, posts);
      results.push({ contestant: name, run, costs });
    }
  }

  const figures = [...new Set(results.flatMap(({ costs }) => Object.keys(costs)))].sort();
  const of = (name: string, figure: string) =>
    results.filter(({ contestant }) => contestant === name).map(({ costs }) => costs[figure] ?? Number.NaN);
  return {
    title: `Cost, with ${posts} posts scheduled`,
    head: ['figure', OURS, `${BASELINE}, bare Fastify`, 'ours ÷ theirs', 'target'],
    rows: figures.map((figure) => {
      const [own, plain] = [of(OURS, figure), of(BASELINE, figure)];
      const comparable = plain.length > 0 && median(plain) > 0 && own.length > 0;
      const bound = figure.startsWith('worker RSS') && own.length > 0;
      const digits = figure.includes('per delivery') ? 2 : 0;
      return [
        figure,
        show(own, digits),
        show(plain, digits),
        comparable ? show(ratios(own, plain), 2) : '',
        bound ? verdict(`< ${RSS_TARGET_MB} MB`, Math.max(...own) < RSS_TARGET_MB) : '',
      ];
    }),
    notes: [
      'Statements are counted in PostgreSQL’s log, with BEGIN and COMMIT. Per delivery: from row to receipt, minus the statements at rest.',
      'PostgreSQL bytes: the database after VACUUM. Redis bytes: used_memory.',
    ],
    raw: results,
  };
}
