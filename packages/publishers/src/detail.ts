import type { HttpResponse } from './http.ts';
import { messageOf } from './platform-message.ts';
import type { Credentials, Failure } from './publisher.ts';

const DETAIL_LENGTH = 300;

/** What must not get into it. Every call carries both. */
export interface Secrets {
  credentials: Credentials;
  text?: string;
}

/**
 * The platform's answer for the ledger: its status and its words, shortened. Platforms repeat what they were sent in
 * some of their messages, so the token and the author's text are taken out wherever they stand.
 */
export function describe(secrets: Secrets, response: HttpResponse): string {
  const words = response.json === undefined ? '' : ` ${wordsOf(response.json).join(' · ')}`;
  const clean = withoutSecrets(secrets, `HTTP ${response.status}${words}`);
  return clean.length > DETAIL_LENGTH ? `${clean.slice(0, DETAIL_LENGTH)}…` : clean;
}

/** What a failure keeps of the answer that it is about: the line for the ledger, and the platform's own words for the author. */
export function told(
  secrets: Secrets,
  response: HttpResponse,
): Pick<Failure, 'detail' | 'platformMessage'> & { detail: string } {
  const platformMessage = messageOf(response, (words) => withoutSecrets(secrets, words));
  return { detail: describe(secrets, response), ...(platformMessage !== undefined && { platformMessage }) };
}

/** Codes and messages, found by the names that platforms give them. Echoed input stands under other names. */
const TELLING = new Set(
  'error code error_subcode serviceErrorCode type title detail message error_user_title description fbtrace_id'.split(
    ' ',
  ),
);

function wordsOf(json: unknown): string[] {
  if (Array.isArray(json)) return json.flatMap(wordsOf);
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => {
    if (typeof value === 'object') return name === 'input' || name === 'parameters' ? [] : wordsOf(value);
    return TELLING.has(name) && value !== '' ? [`${name} ${String(value)}`] : [];
  });
}

function withoutSecrets(secrets: Secrets, words: string): string {
  const hidden = [
    secrets.credentials.accessToken,
    secrets.credentials.refreshToken ?? '',
    secrets.text?.trim() ?? '',
  ];
  // A text of three letters is found in any sentence, and gives nothing away.
  return hidden.reduce(
    (clean, secret) => (secret.length > 3 ? clean.replaceAll(secret, '[…]') : clean),
    words,
  );
}
