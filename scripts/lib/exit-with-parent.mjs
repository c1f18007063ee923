// @ts-check
// Loaded into every child with --import: when the parent has ended for any reason, the child stops as on SIGTERM. The kernel closes
// the channel to the parent, so this works after a kill -9 too.
import { isMainThread } from 'node:worker_threads';

// The parent may have ended before this was loaded: on a busy machine a child takes seconds to start.
if (isMainThread && process.connected === false) process.kill(process.pid, 'SIGTERM');
if (isMainThread && process.channel) {
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    const graceMs = Number(process.env.SHUTDOWN_TIMEOUT_MS || 25_000) + 5_000;
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs).unref();
  });
  // The open channel must not keep a finished process alive.
  process.channel.unref();
}
