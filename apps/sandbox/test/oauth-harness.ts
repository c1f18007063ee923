import { createHash } from 'node:crypto';
import { startSandbox, type Reply, type Sandbox } from './harness.ts';

export const callback = 'http://127.0.0.1:3000/callback?from=sandbox';

/** A PKCE verifier of 43 characters, the minimum of RFC 7636, and its challenge. */
export const verifier = 'a-verifier-that-nobody-guesses-0123456789-_';
export const challenge = createHash('sha256').update(verifier).digest('base64url');

/** The URL of an app's authorization request. */
export const question = (path: string, parameters: Record<string, string | undefined>): string => {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return `${path}?${new URLSearchParams(given).toString()}`;
};

/** The form on the page: its fields with their values, and the values of its buttons. */
export function formOn(page: string): { fields: Record<string, string>; decisions: string[] } {
  const form = /<form method="post">([\s\S]*)<\/form>/.exec(page)?.[1] ?? '';
  const named = (tag: string) =>
    [...form.matchAll(new RegExp(`<${tag}\\b[^>]*\\bname="(\\w+)" value="([^"]*)"`, 'g'))].map(
      ([, name = '', value = '']) => [name, value] as const,
    );
  return {
    fields: Object.fromEntries(named('input')),
    decisions: named('button').map(([name, value]) => `${name}=${value}`),
  };
}

/** Uses the page as a person does: opens it, fills in the account, presses a button. */
export async function answerPage(
  sandbox: Sandbox,
  url: string,
  answer: { handle?: string; decision?: string } = {},
): Promise<Reply> {
  const page = await sandbox.send(url, { redirect: 'manual' });
  if (page.status !== 200) throw new Error(`the page answers ${page.status}: ${page.text}`);
  const { fields } = formOn(page.text);
  const form = { ...fields, handle: 'ann', decision: 'authorize', ...answer };
  return sandbox.send(url, { form, redirect: 'manual' });
}

/** The redirect to the app. */
export const locationOf = (reply: Reply): URL => new URL(reply.headers.get('location') ?? 'nowhere:');

export async function codeFrom(sandbox: Sandbox, url: string, handle = 'ann'): Promise<string> {
  return locationOf(await answerPage(sandbox, url, { handle })).searchParams.get('code') ?? '';
}

export const basic = (clientId: string, clientSecret = `${clientId}-secret`) => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
});

export const tokenRequests = async (sandbox: Sandbox, query = ''): Promise<number> =>
  (await sandbox.control(`requests?${query}`)).json.requests.token ?? 0;

/** Starts another sandbox without the state of the first, like a restart. */
export async function afterRestart(look: (other: Sandbox) => Promise<void>): Promise<void> {
  const other = await startSandbox();
  try {
    await look(other);
  } finally {
    await other.close();
  }
}
