import { parseArgs } from 'node:util';
import { findMix, type Mix } from './mixes.ts';
import type { FaultEvent } from './schedule-faults.ts';

export interface ChaosOptions {
  seed: number;
  minutes: number;
  engine: 'redis' | 'postgres';
  workers: number;
  apis: number;
  /** New posts per second. */
  rate: number;
  mix: Mix;
  /** The built tree to run: a copy that the prover has patched, or undefined for this repository. */
  root: string | undefined;
  /** How long after the last fault everything may take to end. */
  quietSeconds: number;
  /** The folder for the logs. When undefined, a temporary folder, which is removed after a clean run. */
  keep: string | undefined;
  /** Write the findings as JSON to this file. */
  json: string | undefined;
  /** Faults to use instead of those drawn from the seed. */
  faults?: FaultEvent[];
}

export function readOptions(args: string[]): ChaosOptions {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '3' },
      engine: { type: 'string', default: 'redis' },
      workers: { type: 'string' },
      apis: { type: 'string', default: '2' },
      rate: { type: 'string' },
      mix: { type: 'string', default: 'everything' },
      root: { type: 'string' },
      'quiet-seconds': { type: 'string', default: '300' },
      keep: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const { engine } = values;
  if (engine !== 'redis' && engine !== 'postgres')
    throw new Error(`--engine is redis or postgres, not ${engine}`);
  const mix = findMix(values.mix);
  return {
    seed: numberOf('seed', values.seed, 0),
    minutes: numberOf('minutes', values.minutes, 0.05),
    engine,
    workers: numberOf('workers', values.workers ?? String(mix.workers ?? 3), 1),
    apis: numberOf('apis', values.apis, 1),
    rate: numberOf('rate', values.rate ?? String(mix.rate ?? 6), 0.1),
    mix,
    root: values.root,
    quietSeconds: numberOf('quiet-seconds', values['quiet-seconds'], 1),
    keep: values.keep,
    json: values.json,
  };
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < least)
    throw new Error(`--${name} is a number from ${least}, not ${text}`);
  return value;
}
