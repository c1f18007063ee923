// The contract of the stand-in: LinkedIn's call for a text post, as packages/publishers makes it.

export const PUBLISH_PATH = '/linkedin/rest/posts';

/** The text of a post; its number identifies the post in a run. */
export function textOf(number: number): string {
  return `Bench post ${number}: a line or two as people write them, with a link to https://example.com/read and no more`;
}

export function numberOf(text: string): number {
  return Number(/^Bench post (\d+)/.exec(text)?.[1] ?? Number.NaN);
}

/** The same call as our publisher's, for the baselines. */
export async function publishText(
  baseUrl: string,
  post: { token: string; text: string },
): Promise<string | null> {
  const response = await fetch(`${baseUrl}${PUBLISH_PATH}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${post.token}`,
      'linkedin-version': '202609',
      'x-restli-protocol-version': '2.0.0',
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      author: `urn:li:person:${post.token}`,
      commentary: post.text,
      visibility: 'PUBLIC',
      distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
      lifecycleState: 'PUBLISHED',
      isReshareDisabledByAuthor: false,
    }),
  });
  await response.text();
  if (response.status !== 201) throw new Error(`the platform answered ${response.status}`);
  return response.headers.get('x-restli-id');
}
