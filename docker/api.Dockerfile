# syntax=docker/dockerfile:1
# The API, and the migrations. The context is the root of the repository:
#   docker build -f docker/api.Dockerfile -t solospark-api .

FROM node:24-bookworm-slim AS base
ENV DO_NOT_TRACK=1 TURBO_TELEMETRY_DISABLED=1
WORKDIR /repo

# The part of the workspace that the API is made of, with a lockfile for just that part.
FROM base AS pruned
COPY . .
RUN npx -y "turbo@$(node -p 'require("./package.json").devDependencies.turbo')" prune @solospark/api --docker

# Manifests first: the installation is made again only when one of them, or the lockfile, has changed.
FROM base AS built
COPY --from=pruned /repo/out/json/ ./
RUN npx -y "$(node -p 'require("./package.json").packageManager')" install --frozen-lockfile
COPY --from=pruned /repo/out/full/ ./
COPY tsconfig.base.json ./
COPY prisma/ prisma/
RUN pnpm="npx -y $(node -p 'require("./package.json").packageManager')" \
  && $pnpm --filter @solospark/db run generate \
  && $pnpm --filter '@solospark/api...' run build \
  && $pnpm --filter @solospark/api deploy --prod /out

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 MEDIA_DIR=/data/media MIGRATIONS_DIR=/app/prisma/migrations
WORKDIR /app
# Converts the films that a platform does not take as they are (docs/files.md). Only uploads need it, so the worker has none.
RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt \
  apt-get update && apt-get install -y --no-install-recommends ffmpeg
COPY --from=built /out/ ./
COPY prisma/migrations/ prisma/migrations/
# A new volume that is mounted here takes over the owner.
RUN install -d -o node -g node /data/media
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The migrations: node node_modules/@solospark/db/tools/migrate.mjs
CMD ["node", "bundle/main.js"]
