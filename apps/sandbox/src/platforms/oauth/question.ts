import { parseUrl } from '@solospark/foundation';
import type { Answer } from '../platform.ts';
import type { Parameters } from './parameters.ts';
import type { Challenge, ChallengeMethod } from './pkce.ts';

/** A platform's rules for authorization requests. */
export interface AuthorizeRules {
  url: string;
  codeLifetimeMs: number;
  /** The separator between two scopes. */
  scopeSeparator: RegExp;
  knownScopes: readonly string[];
  /** The scope of a request without one. */
  defaultScope?: string;
  /** The error code for a scope that is not allowed. */
  scopeError: string;
  /** Without it, PKCE parameters are ignored. */
  pkce?: {
    required: boolean;
    methods: readonly ChallengeMethod[];
    /** True: accepts `s256` for `S256`, the only spelling in RFC 7636. */
    anyCase?: boolean;
    methodError: string;
  };
  maxStateLength?: number;
  /** Finds the app and checks its redirect URI; by default every client id is accepted. */
  findApp?(clientId: string, redirectUri: string): App | { problem: string };
  /** Whether a person who has authorized the app before in this browser is redirected at once; by default they are asked again. */
  needsNoAnswer?(query: Parameters): boolean;
  /** The error parameters for a person who cancelled. */
  denied: { error: string } & Record<string, string>;
  /** A fragment that is appended to the redirect URI. */
  fragment?: string;
}

export interface App {
  name: string;
  /** The scopes that it may ask for; by default all known ones. */
  scopes?: readonly string[];
}

export interface Question {
  clientId: string;
  app: App;
  redirectUri: string;
  scopes: string[];
  state: string | undefined;
  challenge?: Challenge;
  /** Returned in the ID token, where the platform issues one (OpenID Connect). */
  nonce?: string;
}

/** A valid request; or a problem that only the person is told; or a refusal that is sent to the app by a redirect. */
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

/** An http or https URL of printable ASCII only, since it is sent in a header. */
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

/** Appends the parameters to the redirect URI as text, because `URL` would normalize other parts of it. */
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
