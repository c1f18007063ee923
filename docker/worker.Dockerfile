# syntax=docker/dockerfile:1
# The worker under PM2. The context is the root of the repository:
#   docker build -f docker/worker.Dockerfile -t solospark-worker .

FROM node:24-bookworm-slim AS base
ENV DO_NOT_TRACK=1 TURBO_TELEMETRY_DISABLED=1
WORKDIR /repo

# The part of the workspace that the worker is made of, with a lockfile for just that part.
FROM base AS pruned
COPY . .
RUN npx -y "turbo@$(node -p 'require("./package.json").devDependencies.turbo')" prune @solospark/worker --docker

# Manifests first: the installation is made again only when one of them, or the lockfile, has changed.
FROM base AS built
COPY --from=pruned /repo/out/json/ ./
RUN npx -y "$(node -p 'require("./package.json").packageManager')" install --frozen-lockfile
COPY --from=pruned /repo/out/full/ ./
COPY tsconfig.base.json ./
COPY prisma/ prisma/
RUN pnpm="npx -y $(node -p 'require("./package.json").packageManager')" \
  && $pnpm --filter @solospark/db run generate \
  && $pnpm --filter '@solospark/worker...' run build \
  && $pnpm --filter @solospark/worker deploy --prod /out

FROM node:24-bookworm-slim
ENV NODE_ENV=production MEDIA_DIR=/data/media PM2_HOME=/home/node/.pm2 \
  PATH=/app/apps/worker/node_modules/.bin:$PATH
WORKDIR /app
# Where ecosystem.config.js looks for it.
COPY --from=built /out/ apps/worker/
COPY ecosystem.config.js ./
# A new volume that is mounted here takes over the owner. pm2-runtime hands on what the worker logs; without the links
# PM2 would keep a copy of it in files that nobody empties.
RUN install -d -o node -g node /data/media /home/node/.pm2/logs \
  && ln -s /dev/null /home/node/.pm2/logs/solospark-worker-out.log \
  && ln -s /dev/null /home/node/.pm2/logs/solospark-worker-error.log \
  && chown -hR node:node /home/node/.pm2
USER node
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "apps/worker/node_modules/@solospark/db/tools/worker-health.mjs"]
# On SIGTERM pm2-runtime stops the worker as `pm2 stop` does. Give the container longer than PM2 gives the worker:
# SHUTDOWN_TIMEOUT_MS plus ten seconds, at least. Without --no-auto-exit pm2-runtime counts a worker that is finishing
# its publications as gone, and after eight seconds interrupts it a second time.
CMD ["pm2-runtime", "ecosystem.config.js", "--only", "solospark-worker", "--no-auto-exit"]
