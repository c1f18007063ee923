import { randomFill } from 'node:crypto';
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

// Kills this process when it can no longer exit by itself. A read from a dead network mount never returns and holds one of
// libuv's four threads. With all four held, no file is read, no host name is looked up, and `process.exit` waits for ever.
// With the event loop blocked, no signal handler runs. So a separate thread watches, and ends the process with SIGKILL.

export interface Watchdog {
  /** Call it when the process begins to stop: it is killed if it still runs after `ms`. */
  endWithin(ms: number): void;
}

const TICK_MS = 250;
const LAST_LOOK_MS = 1_000;

/**
 * Watches until the process ends, and does not keep it alive. A process that exits while its threads are held is killed
 * after a second. Time is counted in ticks of the watching thread, so the time in which a process is frozen does not count.
 */
export function startWatchdog(options: {
  /** The process's name in its last log line. */
  name: string;
  /** How long the event loop may be blocked. */
  loopStallMs: number;
  /** How long all of libuv's threads may be held at the same time. Not given: no limit. */
  poolStallMs?: number;
}): Watchdog {
  const shared = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  const cells = new Int32Array(shared);
  let isAsking = false;
  let watchesPool = options.poolStallMs !== undefined;
  const ticksIn = (ms: number) => Math.ceil(ms / TICK_MS);

  const thread = new Worker(WATCH, {
    eval: true,
    workerData: {
      shared,
      tickMs: TICK_MS,
      name: options.name,
      loopTicks: ticksIn(options.loopStallMs),
      poolTicks: options.poolStallMs === undefined ? Infinity : ticksIn(options.poolStallMs),
    },
    // Not the process's own Node options, such as a loader.
    execArgv: [],
  });
  thread.unref();
  setInterval(() => {
    Atomics.add(cells, LOOP, 1);
    if (!watchesPool || isAsking) return;
    isAsking = true;
    randomFill(new Uint8Array(1), () => {
      isAsking = false;
      Atomics.add(cells, POOL, 1);
    });
  }, TICK_MS).unref();
  process.once('exit', () => {
    // Node ends the watching thread before it waits for libuv's pool, so the pool is checked here once more.
    if (!poolAnswersWithin(LAST_LOOK_MS))
      endNow(options.name, 'its threads are held, so that it could not exit');
  });

  return {
    endWithin(ms) {
      Atomics.store(cells, TICKS_LEFT, ticksIn(ms));
      watchesPool = true;
    },
  };
}

/** At exit no callback runs any more, but a free thread of the pool still fills the bytes. */
function poolAnswersWithin(ms: number): boolean {
  const bytes = new Uint8Array(8);
  const nobodyNotifies = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const isFilled = () => bytes.some((byte) => byte > 0);
  randomFill(bytes, () => undefined);
  for (const end = performance.now() + ms; !isFilled() && performance.now() < end;) {
    Atomics.wait(nobodyNotifies, 0, 0, 1);
  }
  return isFilled();
}

const LOOP = 0;
const POOL = 1;
const TICKS_LEFT = 2;

/** Writes synchronously, without the logger: it is the last line of this process. */
function endNow(name: string, reason: string): void {
  const line = { level: 60, time: Date.now(), pid: process.pid, name, reason, msg: 'ended by its watchdog' };
  try {
    writeSync(2, `${JSON.stringify(line)}\n`);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}

/** The source of the watching thread: a string that uses nothing of this file, so that it also works in a bundle. */
const WATCH = `
  const { workerData } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  const { shared, tickMs, name, loopTicks, poolTicks } = workerData;
  const cells = new Int32Array(shared);
  const LOOP = ${LOOP}, POOL = ${POOL}, TICKS_LEFT = ${TICKS_LEFT};
  const endNow = (reason) => {
    const line = { level: 60, time: Date.now(), pid: process.pid, name, reason, msg: 'ended by its watchdog' };
    try {
      writeSync(2, JSON.stringify(line) + '\\n');
    } finally {
      process.kill(process.pid, 'SIGKILL');
    }
  };
  const seconds = (ticks) => Math.round((ticks * tickMs) / 1000) + ' s';
  const silence = (cell) => {
    let seen = 0;
    let ticks = 0;
    return () => {
      const now = Atomics.load(cells, cell);
      ticks = now === seen ? ticks + 1 : 0;
      seen = now;
      return ticks;
    };
  };
  const loopSilence = silence(LOOP);
  const poolSilence = silence(POOL);
  setInterval(() => {
    if (loopSilence() >= loopTicks) endNow('its event loop was blocked for ' + seconds(loopTicks));
    if (poolSilence() >= poolTicks) endNow('its threads were held for ' + seconds(poolTicks));
    if (Atomics.load(cells, TICKS_LEFT) > 0 && Atomics.sub(cells, TICKS_LEFT, 1) === 1) {
      endNow('it was told to stop, and did not in time');
    }
  }, tickMs);
`;
