// @ts-check
// `npm start`: everything that SoloSpark needs, on a machine with only Node and npm. Ctrl-C stops it.
import { build } from './lib/build.mjs';
import { aborted, runCommand } from './lib/command.mjs';
import { homeOf, readSettings } from './lib/home.mjs';
import { ensureInstalled, useInstallation } from './lib/install.mjs';
import { bold, dim, green, say } from './lib/report.mjs';

await runCommand(async ({ signal, onClose }) => {
  const started = performance.now();
  await ensureInstalled();
  useInstallation();
  await build();
  if (signal.aborted) return 130;

  const settings = readSettings();
  const { startStack } = await import('./lib/stack.mjs');
  const stack = await startStack({ settings, signal });
  onClose(async () => {
    say(dim('· Stopping …'));
    await stack.stop();
    say(dim('· Stopped.'));
  });
  showAddresses(stack.facts(), homeOf(settings), (performance.now() - started) / 1000);
  await aborted(signal);
  return 0;
});

/**
 * @param {import('./lib/stack.mjs').RuntimeFacts} facts
 * @param {string} home
 * @param {number} seconds
 */
function showAddresses({ apiUrl, sandboxUrl, organizationId, apiKey, redisUrl }, home, seconds) {
  say(`
${green(bold('SoloSpark is running'))} ${dim(`(after ${seconds.toFixed(1)} s; Ctrl-C stops it)`)}

  API             ${apiUrl}
  API reference   ${apiUrl}/docs
  Sandbox feed    ${sandboxUrl}   ${dim('what is public on the stand-ins for the platforms')}
  Organization    ${organizationId}
  API key         ${apiKey}
  Queue           ${redisUrl ? 'Redis' : 'PostgreSQL (set REDIS_URL to use Redis)'}
  Logs            ${home}/logs

Schedule a post for one minute from now:

  ${curlFor(apiUrl, organizationId, apiKey)}
`);
}

/**
 * Two calls in one line, as plain as a shell allows: create, then schedule.
 * @param {string} apiUrl
 * @param {string} organizationId
 * @param {string} apiKey
 */
function curlFor(apiUrl, organizationId, apiKey) {
  const posts = `${apiUrl}/organizations/${organizationId}/posts`;
  const call = (/** @type {string} */ method) =>
    `curl -s -X ${method} -H 'x-api-key: ${apiKey}' -H 'content-type: application/json'`;
  const inAMinute = `$(node -p 'new Date(Date.now() + 60000).toISOString()')`;
  return [
    `POST=$(${call('POST')} ${posts} -d '{"text":"Hello from SoloSpark","platforms":["x","linkedin"]}' | node -p 'JSON.parse(require("fs").readFileSync(0)).id')`,
    `${call('PUT')} ${posts}/$POST/schedule -d "{\\"scheduledAt\\":\\"${inAMinute}\\"}"`,
  ].join(' \\\n  && ');
}
