import type { HttpResponse } from './http.ts';
import { messageOf, withoutKeys } from './platform-message.ts';
import type { Credentials } from './connection.ts';
import type { Failure } from './publisher.ts';
import { inShort } from './refusals.ts';

const DETAIL_LENGTH = 300;

/** The values that a detail must not contain. Every call carries both. */
export interface Secrets {
  credentials: Credentials;
  text?: string;
}

/**
 * The platform's answer for the ledger: its status and its words, shortened. Some platforms repeat the request in their messages,
 * so the token and the author's text are removed.
 */
export function describe(secrets: Secrets, response: HttpResponse): string {
  const words = response.json === undefined ? '' : ` ${wordsOf(response.json).join(' · ')}`;
  const said = inShort(withoutSecrets(secrets, `HTTP ${response.status}${words}`));
  const clean = withoutKeys(said);
  // A cut in the middle of an emoji leaves half a surrogate pair, which no database stores.
  const cut = clean.length > DETAIL_LENGTH ? `${clean.slice(0, DETAIL_LENGTH)}…` : clean;
  return cut.toWellFormed();
}

/** What a failure keeps of its answer: the line for the ledger, and the platform's own words for the author. */
export function told(
  secrets: Secrets,
  response: HttpResponse,
): Pick<Failure, 'detail' | 'platformMessage'> & { detail: string } {
  const platformMessage = messageOf(response, (words) => withoutSecrets(secrets, words));
  return { detail: describe(secrets, response), ...(platformMessage !== undefined && { platformMessage }) };
}

/** The fields in which platforms send codes and messages. Repeated input has other names. */
const TELLING = new Set(
  'error code error_subcode serviceErrorCode type title detail message error_user_title description fbtrace_id'.split(
    ' ',
  ),
);

/** No platform sends more than this; a hostile server may. */
const DEEPEST = 6;
const MOST_WORDS = 50;

function wordsOf(json: unknown): string[] {
  const words: string[] = [];
  const collect = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > DEEPEST) return;
    for (const [name, part] of Object.entries(value) as [string, unknown][]) {
      if (words.length >= MOST_WORDS) return;
      if (typeof part === 'object') {
        if (name !== 'input' && name !== 'parameters') collect(part, depth + 1);
      } else if (TELLING.has(name) && part !== '') words.push(`${name} ${part as string}`);
    }
  };
  collect(json, 0);
  return words;
}

function withoutSecrets(secrets: Secrets, words: string): string {
  const hidden = [
    secrets.credentials.accessToken,
    secrets.credentials.refreshToken ?? '',
    secrets.text?.trim() ?? '',
  ];
  // A text of three letters occurs in ordinary words, so it is no secret.
  return hidden.reduce(
    (clean, secret) => (secret.length > 3 ? clean.replaceAll(secret, '[…]') : clean),
    words,
  );
}
