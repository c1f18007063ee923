// The worker under PM2. Build first (`npm run build`); then:
//   pm2 start ecosystem.config.js --only solospark-worker
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parseEnv } = require('node:util');

const dotenv = join(__dirname, '.env');
const settings = existsSync(dotenv) ? parseEnv(readFileSync(dotenv, 'utf8')) : {};
// The worker reads the same settings by itself; PM2 only has to wait longer than the worker does.
const shutdownTimeoutMs = Number(process.env.SHUTDOWN_TIMEOUT_MS || settings.SHUTDOWN_TIMEOUT_MS || 25_000);

module.exports = {
  apps: [
    {
      name: 'solospark-worker',
      script: 'apps/worker/bundle/main.js',
      cwd: __dirname,
      // One process takes fifty jobs at a time. More of them are started as more apps or machines, not in cluster
      // mode, which is for sharing a port.
      exec_mode: 'fork',
      instances: 1,
      // Online means: the worker has said `ready`.
      wait_ready: true,
      listen_timeout: 15_000,
      // PM2 asks with SIGINT. A worker that is killed in the middle of a publication leaves it to the reconciler.
      kill_timeout: shutdownTimeoutMs + 7_000,
      // 0.1 s after the first crash, then longer and longer, up to 15 s.
      exp_backoff_restart_delay: 100,
      max_memory_restart: '512M',
      // JSON lines with their own time, in PM2's log folder (`pm2 logs solospark-worker`).
      merge_logs: true,
      time: false,
    },
  ],
};
