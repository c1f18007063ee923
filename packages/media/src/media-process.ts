import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { MediaFileError } from './refusals.ts';
import { tasks, type Task } from './tasks.ts';

// A process that reads uploaded files, one at a time. A hostile file of a few kilobytes can unpack to gigabytes, or keep a
// library busy for ever. A watchdog in a second thread then kills the process, and its parent (media-processes.ts) starts
// another one.

export interface Order {
  task: keyof Task;
  asked: Task[keyof Task]['asked'];
}

/** `memoryBytes`: the memory of this process after the task. */
export type Outcome = { memoryBytes: number } & (
  | { answer: unknown }
  | { refusal: { code: MediaFileError['code']; message: string; errors: MediaFileError['errors'] } }
  | { error: { message: string; stack: string | undefined; code: unknown } }
);

const MOST_CPU_SECONDS = 60;
/** Enough for decoding an image of 67 million pixels, partly twice. The facts of a film need much less. */
const MOST_MEMORY_BYTES = 1_200_000_000;
const WATCH_EVERY_MS = 25;

if (isMainThread) work();
else watch();

function work(): void {
  // Files written here can be read by their owner only.
  process.umask(0o077);
  const watchdog = new Worker(new URL(import.meta.url));
  watchdog.unref();
  process.on('message', (order: Order) => {
    watchdog.postMessage('begin');
    void carryOut(order).then((result) => {
      const outcome: Outcome = { ...result, memoryBytes: process.memoryUsage.rss() };
      process.send?.(outcome);
    });
  });
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // A terminal sends these signals to the whole process group, but the parent still has to finish its work.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
}

async function carryOut({ task, asked }: Order) {
  try {
    return { answer: await tasks[task](asked as never) };
  } catch (error) {
    if (error instanceof MediaFileError) {
      const { code, message, errors } = error;
      return { refusal: { code, message, errors } };
    }
    const { message, stack, code } = error as NodeJS.ErrnoException;
    return { error: { message, stack, code } };
  }
}

function watch(): void {
  const usedMicros = () => process.cpuUsage().user + process.cpuUsage().system;
  let before = usedMicros();
  parentPort?.on('message', () => (before = usedMicros()));
  setInterval(() => {
    const isOver =
      usedMicros() - before > MOST_CPU_SECONDS * 1e6 || process.memoryUsage.rss() > MOST_MEMORY_BYTES;
    if (isOver) process.kill(process.pid, 'SIGKILL');
  }, WATCH_EVERY_MS);
}
