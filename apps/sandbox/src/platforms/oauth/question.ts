import { parseUrl } from '@solospark/foundation';
import type { Answer } from '../platform.ts';
import type { Parameters } from './parameters.ts';
import type { Challenge, ChallengeMethod } from './pkce.ts';

/** How one platform asks a person. */
export interface AuthorizeRules {
  url: string;
  codeLifetimeMs: number;
  /** What stands between two scopes. */
  scopeSeparator: RegExp;
  knownScopes: readonly string[];
  /** Asked for when nothing is asked for. */
  defaultScope?: string;
  /** The word for a scope that the app may not ask for. */
  scopeError: string;
  /** Without it, a challenge is not looked at. */
  pkce?: {
    required: boolean;
    methods: readonly ChallengeMethod[];
    /** True: `s256` is as good as `S256`. RFC 7636 has one spelling only. */
    anyCase?: boolean;
    methodError: string;
  };
  maxStateLength?: number;
  /** Knows the app and where it may send people; by default every app is known, by its id. */
  findApp?(clientId: string, redirectUri: string): App | { problem: string };
  /** Whether a person is sent back at once who has let the app in before, in this browser; by default they are asked again. */
  needsNoAnswer?(query: Parameters): boolean;
  /** What the app hears of a person who said no. */
  denied: { error: string } & Record<string, string>;
  /** Stands behind the parameters that the app hears. */
  fragment?: string;
}

export interface App {
  name: string;
  /** What it may ask for; by default all that is known. */
  scopes?: readonly string[];
}

export interface Question {
  clientId: string;
  app: App;
  redirectUri: string;
  scopes: string[];
  state: string | undefined;
  challenge?: Challenge;
  /** Comes back in the ID token, where the platform gives one (OpenID Connect). */
  nonce?: string;
}

/** A question that can be asked; one that cannot be, which only the person hears of; or one that the app hears of. */
type Reading = { question: Question } | { problem: string } | { refusal: Answer };

export function readQuestion(rules: AuthorizeRules, query: Parameters): Reading {
  const { client_id: clientId = '', redirect_uri: redirectUri = '', response_type: type, state } = query;
  if (!/^[\x21-\x7e]+$/.test(clientId)) return { problem: 'client_id: must be a single word' };
  if (!isRedirectUri(redirectUri)) {
    return { problem: 'redirect_uri: must be an absolute http or https URL without a fragment' };
  }
  const app: App | { problem: string } = rules.findApp?.(clientId, redirectUri) ?? { name: clientId };
  if ('problem' in app) return app;
  if (type !== 'code') return { problem: 'response_type: must be code' };

  const refuse = (error: string, description: string): Reading => ({
    refusal: sendBack(rules, { redirectUri, state }, { error, error_description: description }),
  });
  const { maxStateLength = Infinity } = rules;
  if (state !== undefined && state.length > maxStateLength) {
    return refuse('invalid_request', `state: must not exceed ${maxStateLength} characters`);
  }
  const scopes = scopesOf(query['scope'] ?? rules.defaultScope ?? '', rules.scopeSeparator);
  const allowed = app.scopes ?? rules.knownScopes;
  const unknown = scopes.find((scope) => !allowed.includes(scope));
  if (unknown !== undefined) return refuse(rules.scopeError, `scope: ${unknown} is not for this app`);
  if (scopes.length === 0) return refuse(rules.scopeError, 'scope: is required');
  const reading = readChallenge(query, rules.pkce);
  if ('error' in reading) return refuse(reading.error, reading.description);
  const { nonce } = query;
  return {
    question: {
      clientId,
      app,
      redirectUri,
      scopes,
      state,
      ...reading,
      ...(nonce !== undefined && { nonce }),
    },
  };
}

/** Printable ASCII only, since it goes into a header, and nothing but the web. */
const isRedirectUri = (uri: string) =>
  /^https?:\/\/[\x21\x22\x24-\x7e]+$/i.test(uri) && parseUrl(uri) !== null;

const scopesOf = (list: string, separator: RegExp) => [
  ...new Set(list.split(separator).filter((scope) => scope !== '')),
];

function readChallenge(
  query: Parameters,
  rules: AuthorizeRules['pkce'],
): { challenge?: Challenge } | { error: string; description: string } {
  const value = query['code_challenge'] ?? '';
  if (!rules || (value === '' && !rules.required)) return {};
  if (value === '') return { error: 'invalid_request', description: 'code_challenge: is required' };
  const spelled = (word: string) => (rules.anyCase ? word.toLowerCase() : word);
  const asked = spelled(query['code_challenge_method'] ?? 'plain');
  const method = rules.methods.find((known) => spelled(known) === asked);
  if (method !== undefined) return { challenge: { method, value } };
  const description = `code_challenge_method: must be ${rules.methods.join(' or ')}`;
  return { error: rules.methodError, description };
}

/** The app's address as it gave it, with what it is told behind it; a URL would rewrite what it does not mean to. */
export function sendBack(
  rules: Pick<AuthorizeRules, 'fragment'>,
  { redirectUri, state }: Pick<Question, 'redirectUri' | 'state'>,
  said: Record<string, string>,
): Answer {
  const parameters = new URLSearchParams({ ...said, ...(state !== undefined && { state }) }).toString();
  const separator = redirectUri.includes('?') ? '&' : '?';
  const location = `${redirectUri}${separator}${parameters}${rules.fragment ?? ''}`;
  return { status: 302, headers: { location, 'cache-control': 'no-store' } };
}
