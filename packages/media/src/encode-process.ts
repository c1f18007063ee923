import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';

// A process that runs one ffmpeg and limits its time, its memory and the size of its output. It is the leader of a process
// group, and kills the group when its parent is gone, so that no ffmpeg outlives the process that started it.

export interface EncodeOrder {
  ffmpeg: string;
  args: string[];
  /** Its working folder. */
  folder: string;
  target: string;
  timeoutMs: number;
  maxBytes: number;
}

export type EncodeOutcome = { ended: 'done' } | { ended: 'time' | 'memory' | 'size' | 'error'; said: string };

const MOST_MEMORY_BYTES = 1_500_000_000;
const WATCH_EVERY_MS = 200;
const MOST_SAID = 2_000;
/** Publishing has priority over encoding. */
const NICENESS = 10;

process.umask(0o077);
process.on('message', (order: EncodeOrder) => {
  void encode(order).then((outcome) => process.send?.(outcome));
});
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
// A terminal sends these signals to the whole process group, but the parent decides when encoding ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

function encode(order: EncodeOrder): Promise<EncodeOutcome> {
  const { ffmpeg, args, folder: cwd } = order;
  return new Promise((resolve) => {
    const child = spawn(ffmpeg, args, { cwd, env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-MOST_SAID)));
    lowerPriority(child);
    const begunAt = performance.now();
    let over: 'time' | 'memory' | 'size' | undefined;
    const watching = setInterval(() => {
      over ??= whatIsOver(order, child, performance.now() - begunAt);
      if (over) child.kill('SIGKILL');
    }, WATCH_EVERY_MS);
    const end = (outcome: EncodeOutcome) => {
      clearInterval(watching);
      resolve(outcome);
    };
    child.on('error', (error) => end({ ended: 'error', said: error.message }));
    child.on('close', (code) => {
      if (code === 0) end({ ended: 'done' });
      else end({ ended: over ?? 'error', said });
    });
  });
}

function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, NICENESS);
  } catch {
    // It has ended already, or the system refuses: then it runs with normal priority.
  }
}

function whatIsOver(order: EncodeOrder, { pid = 0 }: ChildProcess, elapsedMs: number) {
  if (elapsedMs > order.timeoutMs) return 'time';
  if (sizeOf(order.target) > order.maxBytes) return 'size';
  return memoryOf(pid) > MOST_MEMORY_BYTES ? 'memory' : undefined;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

const PAGE_BYTES = 4_096;

/** Only Linux has /proc. Elsewhere only time and size are watched, and ffmpeg's own limit for one allocation holds. */
function memoryOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
