#!/usr/bin/env bash
# affected.sh <app> <base commit>: prints `affected=true` when the app's image would differ from the one of the base.
# Said on the safe side: a base that is not known here (a first push, a forced one, a start by hand) counts as changed.
set -euo pipefail
app=$1
base=${2:-}
cd "$(dirname "$0")/.."

answer() {
  echo "affected=$1"
  echo "apps/$app: $2" >&2
  exit 0
}

git rev-parse --quiet --verify "$base^{commit}" >/dev/null || answer true 'the base is not known'

# What is no package, and yet goes into the image or makes it.
others=(prisma "docker/$app.Dockerfile" .dockerignore tsconfig.base.json package.json ".github/workflows/deploy-$app.yml")
if [ "$app" = worker ]; then others+=(ecosystem.config.js); fi
git diff --quiet "$base" HEAD -- "${others[@]}" || answer true 'what makes its image has changed'

# The app itself and the packages below it; in pnpm-lock.yaml, only what concerns them.
turbo=$(node -p 'require("./package.json").devDependencies.turbo')
changed=$(TURBO_TELEMETRY_DISABLED=1 npx -y "turbo@$turbo" ls --filter="@solospark/$app...[$base]" --output=json)
count=$(node -p 'JSON.parse(process.argv[1]).packages.items.filter((item) => item.name === process.argv[2]).length' "$changed" "@solospark/$app")
if [ "$count" = 0 ]; then answer false 'nothing below it has changed'; fi
answer true 'a package below it has changed'
