import { startTestApp } from '../support/app.ts';
import { validateAnswers } from './answers.ts';
import { runApi } from './api.ts';
import { runBluesky } from './bluesky.ts';
import { startGateway } from './gateway.ts';
import { runLinkedin } from './linkedin.ts';
import { runMasto, runMegalodon } from './mastodon.ts';
import { openResults } from './results.ts';
import { runOpenidClient, runSimpleOauth2 } from './tokens.ts';
import { runX } from './x.ts';
import type { World } from './world.ts';

// Runs unmodified client libraries against the sandbox, and plain calls against our own API. Then validates every answer by the
// libraries' own declarations.

const app = await startTestApp();
const gateway = await startGateway(app.sandboxUrl);
const results = openResults();
const world: World = {
  gateway,
  results,
  sandboxUrl: app.sandboxUrl,
  async publicPosts(platform, account) {
    const query = new URLSearchParams({ platform, account });
    const response = await fetch(`${app.sandboxUrl}/_sandbox/posts?${query.toString()}`);
    return ((await response.json()) as { posts: { id: string; text: string }[] }).posts;
  },
};

let failed: number;
try {
  for (const run of [
    runX,
    runMasto,
    runMegalodon,
    runBluesky,
    runLinkedin,
    runOpenidClient,
    runSimpleOauth2,
  ]) {
    await run(world);
  }
  await runApi(app, world);
  await validateAnswers(gateway.answers, results);
  failed = results.print();
} finally {
  await gateway.close();
  await app.close();
}
process.exit(failed === 0 ? 0 : 1);
