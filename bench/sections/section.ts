import type { BenchOptions } from '../options.ts';
import type { Servers } from '../servers.ts';

export const OURS = 'SoloSpark';
/** The one that all ratios are against. */
export const BASELINE = 'plain BullMQ';

/** What a section is given. */
export interface Bench {
  options: BenchOptions;
  servers: Servers;
  logs: string;
  signal: AbortSignal;
  /** Called at the end of the section, however it ends. */
  onClose(close: () => Promise<void> | void): void;
  progress(line: string): void;
}

/** What it answers: a table for people, and what it was made from. */
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
