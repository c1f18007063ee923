import type { HttpClient } from './http.ts';

// How an author lets SoloSpark post for them, and how that is kept alive.

/** Sealed as they stand wherever they are stored. Instants are RFC 3339. */
export interface Credentials {
  accessToken: string;
  refreshToken?: string;
  /** When the access token ends; absent where it does not by itself. */
  expiresAt?: string;
  /** When the refresh token ends, where the platform tells. */
  refreshExpiresAt?: string;
}

/**
 * What SoloSpark is at a platform. The operator registers it there and sets it in the environment, or (`registerClient`)
 * it registers itself at each server.
 */
export interface OAuthClient {
  clientId: string;
  clientSecret: string;
}

/** What every call of a connection is given. */
export interface ConnectionCall {
  http: HttpClient;
  /**
   * The address of one of the platform's hosts, such as `https://www.linkedin.com`: itself, or that of the sandbox, which
   * plays all hosts of a platform at one address.
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
  /** S256 of the verifier that `exchange` is given; left out where the platform has no PKCE. */
  codeChallenge: string;
}

export interface ExchangeCall extends OAuthClientCall {
  redirectUri: string;
  state: string;
  codeVerifier: string;
  /** What the platform sent the author back with. Its other parameters have been looked at before. */
  code: string;
}

/** How a server names itself in its answer (RFC 9207): by one of `names`; always, where it is `required`. */
export interface Issuer {
  names: string[];
  required: boolean;
}

/**
 * New credentials for old ones. Throws `PublisherError`: with `auth_expired` when the platform will not have them any more,
 * and any other kind when it could not be asked or does not accept the app. Throws `NoAnswerError` as well.
 *
 * Null: this platform's credentials cannot be renewed without their author.
 */
type Refresh<Call> = ((call: Call & { credentials: Credentials }) => Promise<Credentials>) | null;

/** The author agrees on a page of the platform, which sends them back with a code. */
export interface ConsentConnection {
  kind: 'consent';
  /** For platforms that are many servers: SoloSpark registers itself at each. Null: the environment names the app. */
  registerClient:
    ((call: ConnectionCall & { redirectUri: string; website: string }) => Promise<OAuthClient>) | null;
  /** The page that asks the author, every time as far as the platform can be told to, also where they agreed before. */
  consentUrl(request: ConsentRequest): URL;
  /** Throws as `refresh` does. */
  issuer(call: ConnectionCall): Promise<Issuer>;
  /** Throws as `refresh` does; `auth_expired` means that the code was not accepted. */
  exchange(call: ExchangeCall): Promise<Credentials>;
  refresh: Refresh<OAuthClientCall>;
}

/** The author makes a password for SoloSpark alone, and types it in here. */
export interface PasswordConnection {
  kind: 'password';
  /** Throws as `refresh` does; `auth_expired` means that name and password were not accepted. */
  signIn(call: ConnectionCall & { identifier: string; password: string }): Promise<Credentials>;
  refresh: Refresh<ConnectionCall>;
}

export type Connection = ConsentConnection | PasswordConnection;

/** It is kept, and sent along with every call, in a header: servers end at 8 KB and more. */
const LONGEST_TOKEN = 6_000;

/**
 * A token as it can be sent (RFC 6749, appendix A.12: printable ASCII), without white space around it; undefined for what is none.
 * Kept, one that cannot be sent would take the place of one that works.
 */
export function usableToken(told: unknown): string | undefined {
  const token = typeof told === 'string' ? told.trim() : '';
  return token.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}
