import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fairTurns } from './fair-turns.ts';
import type { Order, Outcome } from './media-process.ts';
import { MediaFileError, tooComplex } from './refusals.ts';
import type { Task } from './tasks.ts';

/**
 * Foreign files are read by processes of their own: they may be brought down by what they read, and take its memory with them.
 * One that has served waits a while for the next file, since it takes longer to start than a picture to be read.
 */

/** One more than a client may have, so that another's picture need not wait. */
const turns = fairTurns({ places: 3, perClient: 2 });

/** It ends itself after so much work. This is for one that waits: for a disk that hangs, or for its turn on a busy machine. */
const TIMEOUT_MS = 180_000;

const HEAP_MEGABYTES = 512;

/** Memory that a large image has left behind is given back. */
const LEAN_BYTES = 250_000_000;
const IDLE_MS = 60_000;

/** The last one in served last, and is the one that is taken. */
const idle: { child: ChildProcess; timer: NodeJS.Timeout }[] = [];

/** What another process of the same kind does in its turn: it counts among them. */
export function takeTurn<T>(client: string, work: () => Promise<T>): Promise<T> {
  return turns.take(client, work);
}

/**
 * @param client whoever the file is for: they take turns
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
  // By its package: in an app that is one file there is nothing beside this one.
  const script = createRequire(import.meta.url).resolve('@solospark/media/media-process');
  return fork(script, [], {
    // It needs none of what this process knows, nor how it was started.
    env: {},
    execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** Keeps this process from ending no longer than it would by itself. */
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
