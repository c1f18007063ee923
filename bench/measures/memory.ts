import { readFileSync } from 'node:fs';

export interface Memory {
  residentMb: number;
  /** The highest value since the process started. */
  peakMb: number;
}

/** Reads the kernel's figures. On Linux only; elsewhere they are NaN. */
export function memoryOf(pid: number): Memory {
  const read = (status: string, field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return { residentMb: read(status, 'VmRSS'), peakMb: read(status, 'VmHWM') };
  } catch {
    return { residentMb: Number.NaN, peakMb: Number.NaN };
  }
}
