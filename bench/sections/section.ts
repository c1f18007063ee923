import type { BenchOptions } from '../options.ts';
import type { Servers } from '../servers.ts';

export const OURS = 'SoloSpark';
/** The baseline of all ratios. */
export const BASELINE = 'plain BullMQ';

/** The input of a section. */
export interface Bench {
  options: BenchOptions;
  servers: Servers;
  logs: string;
  signal: AbortSignal;
  /** `close` is called at the end of the section, also after a failure. */
  onClose(close: () => Promise<void> | void): void;
  progress(line: string): void;
}

/** The result of a section: a table for people, and its raw data. */
export interface Report {
  title: string;
  head: string[];
  rows: string[][];
  /** Lines below the table. */
  notes: string[];
  /** Every single measurement. */
  raw: unknown;
}

export function verdict(target: string, met: boolean): string {
  return `${target}: ${met ? 'met' : 'MISSED'}`;
}
