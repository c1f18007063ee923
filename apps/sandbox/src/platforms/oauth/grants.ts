import type { World } from '../../world/world.ts';
import { answersChallenge, type Challenge } from './pkce.ts';
import { readToken, seal, type CodeClaims, type TokenClaims } from './tokens.ts';

/** What a person agreed to on the page. */
export interface Consent {
  handle: string;
  clientId: string;
  scopes: string[];
  redirectUri: string;
  challenge?: Challenge;
  nonce?: string;
}

/** What an app shows for its tokens. */
export interface ShownCode {
  code: string | undefined;
  clientId: string;
  redirectUri: string | undefined;
  verifier: string | undefined;
}

/** What is wrong with it. Nobody's, used, withdrawn or another app's are all `code`. */
export type CodeProblem = 'code' | 'expired' | 'redirect_uri' | 'code_verifier';

export type TokenState = 'live' | 'expired' | 'ended';

/**
 * The life of a platform's codes and tokens. They carry all that they say themselves; kept is only which were used up or
 * ended before their time, and a restart forgets that.
 */
export interface Grants {
  issueCode(consent: Consent, now: number, lifetimeMs: number): string;
  /** Uses the code up, unless there is a problem with it. */
  redeem(shown: ShownCode, now: number): { claims: CodeClaims } | { problem: CodeProblem };
  /** A token that says the same as the code or token that it comes from. Without a lifetime it never ends by itself. */
  issue(kind: TokenClaims['kind'], from: CodeClaims | TokenClaims, now: number, lifetimeMs?: number): string;
  stateOf(claims: CodeClaims | TokenClaims, now: number): TokenState;
  end(claims: CodeClaims | TokenClaims): void;
  /** Ends all that came from the same code. */
  endGrant(claims: TokenClaims): void;
  /** Ends what the app got for the account before this code. */
  endEarlier(claims: CodeClaims): void;
}

export function openGrants(world: World, platform: string): Grants {
  /** Tokens by `token <id>`, and all that came from one code by `grant <id>`. */
  const ended = world.createTable<true>(200_000);
  /** The oldest grant that counts, by app and account. */
  const oldest = world.createTable<string>(50_000);
  const ownerOf = ({ clientId, handle }: CodeClaims | TokenClaims) => `${clientId} ${handle}`;

  function stateOf(claims: CodeClaims | TokenClaims, now: number): TokenState {
    const since = oldest.get(ownerOf(claims));
    const isEnded =
      ended.get(`token ${claims.id}`) === true ||
      ended.get(`grant ${claims.grant}`) === true ||
      (since !== undefined && BigInt(claims.grant) < BigInt(since)) ||
      world.consents.isWithdrawn(platform, claims.handle, claims.id);
    if (isEnded) return 'ended';
    return claims.expiresAt !== undefined && now >= claims.expiresAt ? 'expired' : 'live';
  }

  return {
    issueCode(consent, now, lifetimeMs) {
      const id = world.consents.nextTokenId();
      const times = { issuedAt: now, expiresAt: now + lifetimeMs };
      return seal({ platform, kind: 'code', ...consent, id, grant: id, ...times } satisfies CodeClaims);
    },
    redeem({ code, clientId, redirectUri, verifier }, now) {
      const claims = readToken(platform, 'code', code);
      if (!claims || claims.clientId !== clientId) return { problem: 'code' };
      const state = stateOf(claims, now);
      if (state !== 'live') return { problem: state === 'expired' ? 'expired' : 'code' };
      if (claims.redirectUri !== redirectUri) return { problem: 'redirect_uri' };
      if (claims.challenge && !answersChallenge(claims.challenge, verifier ?? '')) {
        return { problem: 'code_verifier' };
      }
      ended.set(`token ${claims.id}`, true);
      return { claims };
    },
    issue(kind, { handle, clientId, scopes, grant }, now, lifetimeMs) {
      return seal({
        platform,
        kind,
        handle,
        clientId,
        scopes,
        id: world.consents.nextTokenId(),
        grant,
        issuedAt: now,
        ...(lifetimeMs !== undefined && { expiresAt: now + lifetimeMs }),
      } satisfies TokenClaims);
    },
    stateOf,
    end: (claims) => ended.set(`token ${claims.id}`, true),
    endGrant: (claims) => ended.set(`grant ${claims.grant}`, true),
    endEarlier: (claims) => oldest.set(ownerOf(claims), claims.grant),
  };
}
