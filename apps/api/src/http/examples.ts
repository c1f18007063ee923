// The description and the examples of the OpenAPI document; only here the API names platforms. A test sends each example to
// a running stack with a sandbox.

export const DESCRIPTION = `SoloSpark publishes the posts of a solo creator on X, Instagram, LinkedIn, Bluesky and Mastodon: each
exactly once on each channel, at the time that was chosen.

**To try it here:** press *Authorize*, paste the API key that \`npm start\` has printed (it begins with \`ss_\`), then open a route,
fill in what it asks for, and press *Execute*. The organization is the one that was printed beside the key.

What goes wrong is answered as a problem (RFC 9457): switch on its \`code\`, show its \`detail\`, and look at \`errors\` for the fields.
Times are RFC 3339 with an offset. A post has an ETag: send it as \`If-Match\` to change it only if nobody else has, and as
\`If-None-Match\` to read it only if it has changed.`;

export const newPost = { text: 'Hello from SoloSpark', platforms: ['bluesky', 'mastodon'] };
export const resolution = {
  outcome: 'published',
  url: 'https://mastodon.social/@demo/113540000000000000',
};
export const newChannel = { platform: 'x', handle: 'ada' };
export const newConnection = { platform: 'mastodon', sandbox: true };
export const signIn = {
  platform: 'bluesky',
  identifier: 'ada.test',
  password: 'sandbox-ada',
  sandbox: true,
};
