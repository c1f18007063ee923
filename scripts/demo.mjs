// @ts-check
// `npm run demo`: starts its own stack, schedules a post on every platform a few seconds ahead, and waits until it is public. Uses
// only the public API. The exit code is 0 only when the post is published exactly once on each platform.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from './lib/build.mjs';
import { runCommand } from './lib/command.mjs';
import { createDemoClient } from './lib/demo-client.mjs';
import { homeOf, readSettings } from './lib/home.mjs';
import { ensureInstalled, useInstallation } from './lib/install.mjs';
import { createLiveLines } from './lib/live-lines.mjs';
import { PlainError, bold, dim, green, red, say, step, table } from './lib/report.mjs';

const aheadMs = 5_000;
const limitMs = 60_000;
const platforms = ['x', 'instagram', 'linkedin', 'bluesky', 'mastodon'];

/** @typedef {import('./lib/demo-client.mjs').Delivery} Delivery */

await runCommand(async ({ signal, onClose }) => {
  await ensureInstalled();
  useInstallation();
  await build();
  if (signal.aborted) return 130;

  const { startStack } = await import('./lib/stack.mjs');
  const { claimFreshHome } = await import('./lib/demo-home.mjs');
  /** @type {import('./lib/home.mjs').Env} */
  const settings = { ...readSettings(), PORT: '0' };
  // Its own home, so that it can run while `npm start` runs. A database that was set is kept, and with it the secrets.
  const mainHome = homeOf(settings);
  const fresh = await claimFreshHome(join(mainHome, 'demo'));
  let failed = true;
  onClose(() => (failed ? say(`The logs are in ${join(fresh.home, 'logs')}`) : fresh.remove()));
  try {
    const stack = await startStack({
      settings,
      home: fresh.home,
      ...(settings.DATABASE_URL ? { secretsHome: mainHome } : {}),
      signal,
    });
    onClose(() => step('Stopping what was started', stack.stop));
    const good = await publishOnce(createDemoClient(stack.facts()), signal);
    failed = !good;
    return good ? 0 : 1;
  } catch (error) {
    if (signal.aborted) failed = false;
    throw error;
  }
});

/**
 * @param {import('./lib/demo-client.mjs').DemoClient} client
 * @param {AbortSignal} signal
 */
async function publishOnce(client, signal) {
  const image = readFileSync(new URL('./assets/demo.jpg', import.meta.url));
  const text = `Hello from SoloSpark, run ${Date.now().toString(36)}`;
  const media = await client.upload(image, 'demo.jpg');
  const created = await client.createPost({ text, mediaIds: [media.id], platforms });
  const scheduledAt = new Date(Date.now() + aheadMs);
  await client.schedule(created.id, scheduledAt);
  say(`\nA post to ${platforms.join(', ')}, due at ${bold(scheduledAt.toISOString())}:`);

  const post = await watch(client, created.id, scheduledAt, signal);
  say(
    `\n${table([['platform', 'status', 'remote id', 'URL', 'late (ms)'], ...post.deliveries.map((d) => rowOf(d, scheduledAt))])}\n`,
  );

  const unpublished = post.deliveries.filter(({ status }) => status !== 'published');
  const wrong = unpublished.map(
    (delivery) => `${delivery.platform} is ${delivery.status}${reasonOf(delivery)}`,
  );
  for (const platform of platforms) {
    const ids = post.deliveries
      .filter((delivery) => delivery.platform === platform)
      .map(({ remoteId }) => remoteId);
    const shown = (await client.publicPosts(platform)).filter(
      (each) => each.text.includes(text) || ids.includes(each.id),
    );
    if (shown.length !== 1) wrong.push(`${platform} shows the post ${shown.length} times instead of once`);
  }
  if (post.deliveries.length !== platforms.length)
    wrong.push(`there are ${post.deliveries.length} deliveries`);
  for (const what of wrong) say(red(`✗ ${what}`));
  if (wrong.length > 0) return false;
  say(green(`✓ Published on all ${platforms.length}, each exactly once.`));
  say(
    `Try next: ${bold('npm start')} ${dim('— it keeps running, and prints a curl that schedules a post of your own.')}`,
  );
  return true;
}

/**
 * @param {import('./lib/demo-client.mjs').DemoClient} client
 * @param {string} id
 * @param {Date} scheduledAt
 * @param {AbortSignal} signal
 */
async function watch(client, id, scheduledAt, signal) {
  const live = createLiveLines();
  const end = scheduledAt.getTime() + limitMs;
  for (;;) {
    const post = await client.getPost(id);
    const toGo = Math.max(0, Math.ceil((scheduledAt.getTime() - Date.now()) / 1000));
    const when = toGo > 0 ? dim(` in ${toGo} s`) : '';
    live.show(post.deliveries.map(({ platform, status }) => [`  ${platform.padEnd(10)} ${status}`, when]));
    if (post.deliveries.every(({ status }) => status !== 'pending' && status !== 'publishing')) return post;
    if (Date.now() > end) return post;
    await delay(200, undefined, { signal }).catch(() => {
      throw new PlainError('Interrupted.');
    });
  }
}

/**
 * @param {Delivery} delivery
 * @param {Date} scheduledAt
 */
function rowOf({ platform, status, remoteId, remoteUrl, publishedAt }, scheduledAt) {
  const late = publishedAt ? String(new Date(publishedAt).getTime() - scheduledAt.getTime()) : '';
  return [platform, status, remoteId ?? '', remoteUrl ?? '', late];
}

/** @param {Delivery} delivery */
function reasonOf({ failure }) {
  return failure ? `: ${failure.reason}` : '';
}
