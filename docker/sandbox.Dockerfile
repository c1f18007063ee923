# syntax=docker/dockerfile:1
# The stand-in for the platforms, to try things out. The context is the root of the repository:
#   docker build -f docker/sandbox.Dockerfile -t solospark-sandbox .

FROM node:24-bookworm-slim AS base
ENV DO_NOT_TRACK=1 TURBO_TELEMETRY_DISABLED=1
WORKDIR /repo

FROM base AS pruned
COPY . .
RUN npx -y "turbo@$(node -p 'require("./package.json").devDependencies.turbo')" prune @solospark/sandbox --docker

FROM base AS built
COPY --from=pruned /repo/out/json/ ./
RUN npx -y "$(node -p 'require("./package.json").packageManager')" install --frozen-lockfile
COPY --from=pruned /repo/out/full/ ./
COPY tsconfig.base.json ./
RUN pnpm="npx -y $(node -p 'require("./package.json").packageManager')" \
  && $pnpm --filter '@solospark/sandbox...' run build \
  && $pnpm --filter @solospark/sandbox deploy --prod /out

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4010
WORKDIR /app
COPY --from=built /out/ ./
USER node
EXPOSE 4010
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/_sandbox/faults').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bundle/main.js"]
