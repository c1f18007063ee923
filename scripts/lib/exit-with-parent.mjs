// @ts-check
// Loaded into every child with --import: when the parent is gone, however it ended, the child stops as it would on
// SIGTERM. The channel to the parent is closed by the kernel, so this holds after a kill -9 too.
import { isMainThread } from 'node:worker_threads';

// Gone before this was loaded: on a machine that is busy a child takes seconds to get here.
if (isMainThread && process.connected === false) process.kill(process.pid, 'SIGTERM');
if (isMainThread && process.channel) {
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    const graceMs = Number(process.env.SHUTDOWN_TIMEOUT_MS || 25_000) + 5_000;
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs).unref();
  });
  // Waiting for that must not keep a process alive that is done.
  process.channel.unref();
}
