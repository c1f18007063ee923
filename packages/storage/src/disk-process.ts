import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { StoreUnavailableError } from './file-store.ts';
import { readFrames, writeFrame } from './frames.ts';

/**
 * Access to the media disk through a child process (tools/disk-process.mjs), which the first call starts. A call that passes
 * its deadline fails, and its child process is retired: the next call starts a new one, and the old one is killed when its
 * other calls have ended. So a hanging mount holds no thread of this process, and access recovers when the mount does.
 */
export interface DiskProcess {
  /**
   * @throws StoreUnavailableError when the disk hangs, is full, or cannot be written or reached; otherwise the error of the
   * file system, with its code.
   */
  call<Facts = object>(
    operation: string,
    asked: object,
    options?: { body?: Uint8Array; timeoutMs?: number },
  ): Promise<{ facts: Facts; bytes: Uint8Array<ArrayBuffer> }>;
  close(): void;
}

/** libuv threads of the child process: enough that a few hanging files do not block the others. */
const THREADS = 32;

/** The most processes that were killed and still exist: one that waits for a dead mount may ignore even SIGKILL. */
const MOST_DYING = 4;

interface Call {
  settle(answer: Answer, bytes: Uint8Array<ArrayBuffer>): void;
  fail(error: Error): void;
  /** Restarts the deadline, since the call makes progress. */
  noteProgress(): void;
}

type Answer = { id: number } & (
  { facts: object } | { error: { code?: string; message: string } } | { progress: true }
);

interface Worker {
  child: ChildProcess;
  socket: Duplex & { ref(): void; unref(): void };
  calls: Map<number, Call>;
  isGivenUp: boolean;
}

/** @param options `timeoutMs`: the default deadline of a call, and of each piece of a long one */
export function openDiskProcess(options: { timeoutMs: number }): DiskProcess {
  let current: Worker | undefined;
  const dying = new Set<Worker>();
  let serial = 0;

  function start(): Worker {
    if (dying.size >= MOST_DYING) {
      throw new StoreUnavailableError('away', 'the disk answers none of the processes that ask it');
    }
    // Resolved through its package: in a bundled app there are no files beside this one.
    const script = createRequire(import.meta.url).resolve('@solospark/storage/disk-process');
    const child = spawn(process.execPath, [script], {
      // Without the environment of this process, which contains secrets.
      env: { UV_THREADPOOL_SIZE: String(THREADS) },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const socket = child.stdio[3] as Worker['socket'];
    const worker: Worker = { child, socket, calls: new Map(), isGivenUp: false };
    socket.on(
      'data',
      readFrames((head, body) => receive(worker, head as Answer, body)),
    );
    const end = (error?: Error) => {
      dying.delete(worker);
      if (current === worker) current = undefined;
      const lost = new StoreUnavailableError('away', 'the process that reads the disk has ended', error);
      for (const call of worker.calls.values()) call.fail(lost);
    };
    socket.on('error', () => kill(worker));
    child.on('error', end);
    child.on('exit', () => end());
    // An idle child does not keep this process alive.
    child.unref();
    socket.unref();
    return worker;
  }

  function receive(worker: Worker, answer: Answer, bytes: Uint8Array<ArrayBuffer>): void {
    const call = worker.calls.get(answer.id);
    if ('progress' in answer) call?.noteProgress();
    else call?.settle(answer, bytes);
  }

  function giveUp(worker: Worker): void {
    worker.isGivenUp = true;
    if (current === worker) current = undefined;
    killIfIdle(worker);
  }

  function killIfIdle(worker: Worker): void {
    if (worker.isGivenUp && worker.calls.size === 0) kill(worker);
  }

  function kill(worker: Worker): void {
    worker.isGivenUp = true;
    if (current === worker) current = undefined;
    if (worker.child.exitCode !== null || worker.child.signalCode !== null) return;
    dying.add(worker);
    worker.child.kill('SIGKILL');
  }

  return {
    call<Facts>(
      operation: string,
      asked: object,
      {
        body = new Uint8Array(),
        timeoutMs = options.timeoutMs,
      }: { body?: Uint8Array; timeoutMs?: number } = {},
    ) {
      return new Promise<{ facts: Facts; bytes: Uint8Array<ArrayBuffer> }>((resolve, reject) => {
        const worker = (current ??= start());
        const id = (serial += 1);
        const done = () => {
          clearTimeout(timer);
          worker.calls.delete(id);
          if (worker.calls.size === 0) worker.socket.unref();
          killIfIdle(worker);
        };
        const hangs = () => {
          const detail = `it did not answer within ${timeoutMs / 1_000} seconds`;
          worker.calls.get(id)?.fail(new StoreUnavailableError('away', detail));
          giveUp(worker);
        };
        let timer = setTimeout(hangs, timeoutMs);
        worker.calls.set(id, {
          noteProgress() {
            clearTimeout(timer);
            timer = setTimeout(hangs, timeoutMs);
          },
          settle(answer, bytes) {
            done();
            if ('error' in answer) reject(explained(answer.error));
            else if ('facts' in answer) resolve({ facts: answer.facts as Facts, bytes });
          },
          fail(error) {
            done();
            reject(error);
          },
        });
        worker.socket.ref();
        worker.socket.write(writeFrame({ id, operation, asked }, body));
      });
    },
    close() {
      if (current) kill(current);
    },
  };
}

/** Error codes that are about the whole disk, not about one file. */
const STATES: Readonly<Record<string, 'away' | 'full' | 'read_only'>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EROFS: 'read_only',
  EACCES: 'read_only',
  EPERM: 'read_only',
  ...Object.fromEntries(
    [
      'EIO',
      'ESTALE',
      'ENXIO',
      'ENODEV',
      'EHOSTDOWN',
      'ETIMEDOUT',
      'ENOTCONN',
      'EMFILE',
      'ENFILE',
      'EREMOTEIO',
    ].map((code) => [code, 'away' as const]),
  ),
};

function explained({ code, message }: { code?: string; message: string }): Error {
  const error = Object.assign(new Error(message), { code });
  const state = STATES[code ?? ''];
  return state ? new StoreUnavailableError(state, message, error) : error;
}
