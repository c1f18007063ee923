import type { Baseline } from './baseline.ts';
import { bullmq } from './bullmq.ts';
import { graphileWorker } from './graphile-worker.ts';
import { pgBoss } from './pg-boss.ts';

export const baselines: Baseline[] = [bullmq, graphileWorker, pgBoss];

export function findBaseline(name: string | undefined): Baseline {
  const found = baselines.find((baseline) => baseline.name === name);
  if (!found) throw new Error(`There is no baseline "${name}".`);
  return found;
}
