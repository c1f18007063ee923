import type { HttpClient } from './http.ts';

// How an author connects an account, and how its credentials are renewed.

/** Always encrypted where they are stored. Times are RFC 3339. */
export interface Credentials {
  accessToken: string;
  refreshToken?: string;
  /** When the access token expires; absent if it never does by itself. */
  expiresAt?: string;
  /** When the refresh token expires, if the platform says so. */
  refreshExpiresAt?: string;
}

/**
 * SoloSpark's OAuth client at a platform. The operator registers it and sets it in the environment, or SoloSpark
 * registers itself at each server (`registerClient`).
 */
export interface OAuthClient {
  clientId: string;
  clientSecret: string;
}

/** The common part of all calls of a connection. */
export interface ConnectionCall {
  http: HttpClient;
  /**
   * The address to use for one of the platform's hosts, such as `https://www.linkedin.com`: the host itself, or the sandbox,
   * which stands in for all hosts of a platform at one address.
   */
  at: (host: string) => string;
  now: () => Date;
}

export interface OAuthClientCall extends ConnectionCall {
  app: OAuthClient;
}

export interface ConsentRequest {
  app: OAuthClient;
  at: (host: string) => string;
  /** Where the platform sends the author afterwards; exactly the same in `exchange`. */
  redirectUri: string;
  state: string;
  /** S256 of the `codeVerifier` of `exchange`. Not sent if the platform has no PKCE. */
  codeChallenge: string;
}

export interface ExchangeCall extends OAuthClientCall {
  redirectUri: string;
  state: string;
  codeVerifier: string;
  /** The code from the platform's redirect. The caller has checked its other parameters. */
  code: string;
}

/** The issuer that a server names in its redirect (RFC 9207): one of `names`. `required`: it must be there. */
export interface Issuer {
  names: string[];
  required: boolean;
}

/**
 * Exchanges old credentials for new ones. Throws `PublisherError`: kind `auth_expired` when the platform no longer accepts the
 * old ones, another kind when it could not be asked or does not accept the OAuth client. Also throws `NoAnswerError`.
 *
 * Null: the platform's credentials cannot be renewed without the author.
 */
type Refresh<Call> = ((call: Call & { credentials: Credentials }) => Promise<Credentials>) | null;

/** The author agrees on a page of the platform, which sends them back with a code. */
export interface ConsentConnection {
  kind: 'consent';
  /** Registers the OAuth client at a server, on platforms with many servers. Null: the client comes from the environment. */
  registerClient:
    ((call: ConnectionCall & { redirectUri: string; website: string }) => Promise<OAuthClient>) | null;
  /** The consent page. It asks even an author who agreed before, if the platform has an option for that. */
  consentUrl(request: ConsentRequest): URL;
  /** Throws as `refresh` does. */
  issuer(call: ConnectionCall): Promise<Issuer>;
  /** Throws as `refresh` does; `auth_expired` means that the code was not accepted. */
  exchange(call: ExchangeCall): Promise<Credentials>;
  refresh: Refresh<OAuthClientCall>;
}

/** The author makes an app password for SoloSpark and enters it here. */
export interface PasswordConnection {
  kind: 'password';
  /** Throws as `refresh` does; `auth_expired` means that name and password were not accepted. */
  signIn(call: ConnectionCall & { identifier: string; password: string }): Promise<Credentials>;
  refresh: Refresh<ConnectionCall>;
}

export type Connection = ConsentConnection | PasswordConnection;

/** A token is sent in a header of every call, and servers refuse headers above 8 KB. */
const LONGEST_TOKEN = 6_000;

/**
 * The trimmed token, or undefined if it cannot be sent (RFC 6749, appendix A.12: printable ASCII). Such a token must not replace
 * one that works.
 */
export function usableToken(told: unknown): string | undefined {
  const token = typeof told === 'string' ? told.trim() : '';
  return token.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}
