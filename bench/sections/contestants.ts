import { baselines } from '../baselines/all.ts';
import { reservePort } from '../../test/chaos/servers.ts';
import { openBaseline } from '../contestants/baseline.ts';
import type { Conditions, Contestant } from '../contestants/contestant.ts';
import { ours } from '../contestants/ours.ts';
import { install, type Installation } from '../installation.ts';
import { profileArgs } from '../options.ts';
import { startPlatform, type Platform } from '../platform/client.ts';
import { OURS, type Bench } from './section.ts';

/** The platform's response time. */
export const ANSWER_MS = 50;

export interface Field {
  platform: Platform;
  installation: Installation;
  contestants: Contestant[];
}

/** Opens the platform, our installation and all contestants. Only the platform runs yet. */
export async function openField(bench: Bench, names: 'all' | 'plain'): Promise<Field> {
  const { options, servers, logs } = bench;
  const platform = await startPlatform({ answerMs: ANSWER_MS, logs });
  bench.onClose(() => platform.end());
  const conditions: Conditions = { ...options, platformUrl: `${platform.url}`, logs };
  const installation = await install({
    ...options,
    servers,
    platformUrl: platform.url,
    apiPort: await reservePort(),
    logs,
  });
  const { only = '' } = options;
  const isChosen = (name: string) => name.toLowerCase().includes(only.toLowerCase());
  const contestants: Contestant[] = isChosen(OURS)
    ? [ours(installation, conditions, profileArgs(options))]
    : [];
  for (const baseline of names === 'all' ? baselines : baselines.slice(0, 1)) {
    if (isChosen(baseline.name)) contestants.push(await openBaseline(baseline, servers, conditions));
  }
  if (contestants.length === 0) throw new Error(`No contestant is called "${only}".`);
  for (const contestant of contestants) bench.onClose(() => contestant.stop());
  return { platform, installation, contestants };
}
