import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { MediaFileError } from './refusals.ts';
import { tasks, type Task } from './tasks.ts';

// A process that reads foreign files, one at a time, and whose end is part of the plan: a few kilobytes can be made to unpack
// to gigabytes, or to an endless search. A watchman in a second thread ends it then, while a library is still busy, and
// its parent (media-processes.ts) starts another one.

export interface Order {
  task: keyof Task;
  asked: Task[keyof Task]['asked'];
}

/** `memoryBytes`: what this process has by now. */
export type Outcome = { memoryBytes: number } & (
  | { answer: unknown }
  | { refusal: { code: MediaFileError['code']; message: string; errors: MediaFileError['errors'] } }
  | { error: { message: string; stack: string | undefined; code: unknown } }
);

const MOST_CPU_SECONDS = 60;
/** A film's facts stand in a few tables. Images are decoded: 67 million pixels, some of them twice. */
const MOST_MEMORY_BYTES = 1_200_000_000;
const WATCH_EVERY_MS = 25;

if (isMainThread) work();
else watch();

function work(): void {
  // What is written here may be read by its owner only.
  process.umask(0o077);
  const watchman = new Worker(new URL(import.meta.url));
  watchman.unref();
  process.on('message', (order: Order) => {
    watchman.postMessage('begin');
    void carryOut(order).then((result) => {
      const outcome: Outcome = { ...result, memoryBytes: process.memoryUsage.rss() };
      process.send?.(outcome);
    });
  });
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // A terminal tells the whole group; the parent still has to finish what it does.
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
