import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fairTurns } from './fair-turns.ts';
import type { Order, Outcome } from './media-process.ts';
import { MediaFileError, tooComplex } from './refusals.ts';
import type { Task } from './tasks.ts';

/**
 * Uploaded files are read by child processes, because a hostile file may crash a process or fill its memory. A process is
 * kept for a while after a file, since starting one takes longer than reading an image.
 */

/** One more place than one client may use, so that another client's image does not wait. */
const turns = fairTurns({ places: 3, perClient: 2 });

/** A process ends itself at its CPU limit. This limit is for one that waits, for a hanging disk or on a busy machine. */
const TIMEOUT_MS = 180_000;

const HEAP_MEGABYTES = 512;

/** A process with more memory than this, after a large image, is not kept. */
const LEAN_BYTES = 250_000_000;
const IDLE_MS = 60_000;

/** A stack: the process that was used last is reused first. */
const idle: { child: ChildProcess; timer: NodeJS.Timeout }[] = [];

/** Runs work of another kind of child process, counted in the same limit. */
export function takeTurn<T>(client: string, work: () => Promise<T>): Promise<T> {
  return turns.take(client, work);
}

/**
 * Runs a task in a child process.
 *
 * @param client whose file it is: clients are served in turn
 * @throws MediaFileError, also for a file that takes too much time or memory
 */
export function carryOut<Name extends keyof Task>(
  client: string,
  task: Name,
  asked: Task[Name]['asked'],
): Promise<Task[Name]['answer']> {
  return turns.take(client, async () => {
    const child = takeProcess();
    const outcome = await outcomeOf(child, { task, asked });
    if (outcome.memoryBytes < LEAN_BYTES) keepProcess(child);
    else child.kill('SIGKILL');
    if ('answer' in outcome) return outcome.answer as Task[Name]['answer'];
    if ('refusal' in outcome) {
      const { code, message, errors } = outcome.refusal;
      throw new MediaFileError(code, message, { errors });
    }
    const { message, stack, code } = outcome.error;
    throw Object.assign(new Error(message, { cause: stack }), code === undefined ? {} : { code });
  });
}

function outcomeOf(child: ChildProcess, order: Order): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    const done = () => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
    };
    const onMessage = (outcome: Outcome) => {
      done();
      resolve(outcome);
    };
    const onExit = (code: number | null, signal: string | null) => {
      done();
      reject(tooComplex(new Error(`the process that read it ended (${signal ?? code})`)));
    };
    const onError = (error: Error) => {
      done();
      reject(error);
    };
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
    child.send(order);
  });
}

function takeProcess(): ChildProcess {
  for (let waiting = idle.pop(); waiting; waiting = idle.pop()) {
    clearTimeout(waiting.timer);
    if (!waiting.child.connected) continue;
    hold(waiting.child, true);
    return waiting.child;
  }
  // Resolved through its package: in a bundled app there are no files beside this one.
  const script = createRequire(import.meta.url).resolve('@solospark/media/media-process');
  return fork(script, [], {
    // Without the environment and the Node options of this process.
    env: {},
    execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** Keeps a process for the next file. An idle one does not keep this process alive. */
function keepProcess(child: ChildProcess): void {
  if (!child.connected) return;
  hold(child, false);
  const timer = setTimeout(() => {
    idle.splice(
      idle.findIndex((each) => each.child === child),
      1,
    );
    child.kill('SIGKILL');
  }, IDLE_MS);
  timer.unref();
  idle.push({ child, timer });
}

function hold(child: ChildProcess, isHeld: boolean): void {
  const verb = isHeld ? 'ref' : 'unref';
  child[verb]();
  child.channel?.[verb]();
}
