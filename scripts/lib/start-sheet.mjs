// @ts-check
// What `npm start` prints when everything runs. README.md shows the same text, and test/docs.test.ts compares the two.

/** @typedef {(text: string) => string} Paint */

/**
 * The addresses, and lines to paste. These have no comments, because zsh would treat a pasted comment as arguments.
 * @param {Pick<import('./stack.mjs').RuntimeFacts, 'apiUrl' | 'sandboxUrl' | 'organizationId' | 'apiKey' | 'redisUrl'>} facts
 * @param {{ home: string, seconds: number, paint: { bold: Paint, dim: Paint, green: Paint } }} options
 */
export function startSheet(
  { apiUrl, sandboxUrl, organizationId, apiKey, redisUrl },
  { home, seconds, paint },
) {
  const { bold, dim, green } = paint;
  return `
${green(bold('SoloSpark is running'))} ${dim(`(after ${seconds.toFixed(1)} s; Ctrl-C stops it)`)}

  API             ${apiUrl}
  API reference   ${apiUrl}/docs
  Sandbox feed    ${sandboxUrl}   ${dim('all posts that are public on the sandbox')}
  Queue           ${redisUrl ? 'Redis' : 'PostgreSQL (set REDIS_URL to use Redis)'}
  Logs            ${home}/logs

Paste this into another terminal. It writes a post and schedules it for one minute from now:

API=${apiUrl}
ORGANIZATION=${organizationId}
KEY=${apiKey}
${scheduleLines.join('\n')}

Then open the sandbox feed, and wait for the post.
`;
}

/** Create a post, then schedule it. The lines need only curl and node. */
const scheduleLines = [
  `POSTS=$API/organizations/$ORGANIZATION/posts`,
  `POST=$(curl -s -H "x-api-key: $KEY" -H 'content-type: application/json' $POSTS -d '{"text":"Hello from SoloSpark","platforms":["x","linkedin"]}' | node -p 'JSON.parse(require("fs").readFileSync(0)).id')`,
  `curl -s -X PUT -H "x-api-key: $KEY" -H 'content-type: application/json' $POSTS/$POST/schedule -d "{\\"scheduledAt\\":\\"$(node -p 'new Date(Date.now() + 60000).toISOString()')\\"}"`,
];
