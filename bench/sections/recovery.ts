import { reservePort } from '../../test/chaos/servers.ts';
import type { Conditions } from '../contestants/contestant.ts';
import { install } from '../installation.ts';
import { median, show } from '../measures/statistics.ts';
import { startPlatform } from '../platform/client.ts';
import { ourPatient } from '../recovery/ours.ts';
import type { Patient } from '../recovery/patient.ts';
import { plainPatient } from '../recovery/plain.ts';
import { ANSWER_MS } from './contestants.ts';
import { BASELINE, OURS, verdict, type Bench, type Report } from './section.ts';

interface Harm {
  what: string;
  targetSeconds: number;
  ofRedis: boolean;
  measure: (patient: Patient) => Promise<number>;
}

const HARMS: Harm[] = [
  {
    what: 'kill -9 before the public call, until it is published',
    targetSeconds: 15,
    ofRedis: false,
    measure: (patient) => patient.killed('before sending'),
  },
  {
    what: 'kill -9 during the public call, until it is settled',
    targetSeconds: 15,
    ofRedis: false,
    measure: (patient) => patient.killed('while sending'),
  },
  {
    what: 'FLUSHALL, lateness of posts due 3 s later',
    targetSeconds: 5,
    ofRedis: true,
    measure: (patient) => patient.withoutQueue('flushed'),
  },
  {
    what: 'Redis killed, not restarted, lateness of posts due 3 s later',
    targetSeconds: 5,
    ofRedis: true,
    measure: (patient) => patient.withoutQueue('stopped'),
  },
];

/** Measures the seconds until recovery, compared with plain BullMQ with its defaults. */
export async function measureRecovery(bench: Bench): Promise<Report> {
  const { options, servers, logs } = bench;
  const platform = await startPlatform({ answerMs: ANSWER_MS, logs });
  bench.onClose(() => platform.end());
  const accounts = 20;
  const installation = await install({
    ...options,
    servers,
    platformUrl: undefined,
    accounts,
    apiPort: await reservePort(),
    logs,
  });
  bench.onClose(() => installation.sandbox.end('SIGTERM'));
  const conditions: Conditions = { ...options, accounts, platformUrl: platform.url, logs };
  const patients = [
    ourPatient(installation, servers, { ...options, logs }),
    plainPatient(servers, conditions, platform),
  ];
  const { only = '', engine } = options;
  const chosen = patients.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
  const harms = HARMS.filter(({ ofRedis }) => engine === 'redis' || !ofRedis);
  const results: { what: string; patient: string; run: number; seconds: number }[] = [];
  for (const { what, measure } of harms) {
    for (let run = 1; run <= options.runs; run += 1) {
      for (const patient of chosen) {
        bench.signal.throwIfAborted();
        const seconds = await measure(patient);
        results.push({ what, patient: patient.name, run, seconds });
        bench.progress(
          `${what}, run ${run}, ${patient.name}: ${Number.isFinite(seconds) ? `${seconds.toFixed(1)} s` : 'never'}`,
        );
      }
    }
  }
  const of = (what: string, name: string) =>
    results.filter((result) => result.what === what && result.patient === name).map(({ seconds }) => seconds);
  return {
    title: 'Recovery: seconds',
    head: ['harm', OURS, BASELINE, 'ours ÷ plain', 'target'],
    rows: harms.map(({ what, targetSeconds }) => {
      const [own, plain] = [of(what, OURS), of(what, BASELINE)];
      return [
        what,
        show(own, 1),
        show(plain, 1),
        Number.isFinite(median(plain)) ? (median(own) / median(plain)).toFixed(2) : '',
        own.length === 0 ? '' : verdict(`< ${targetSeconds} s`, Math.max(...own) < targetSeconds),
      ];
    }),
    notes: [
      'Plain BullMQ publishes again when the job runs again: if the first call was carried out, the post is public twice. Ours looks it up.',
      'never: not within 15 s after its time (lost jobs), or 150 s after the kill.',
    ],
    raw: results,
  };
}
