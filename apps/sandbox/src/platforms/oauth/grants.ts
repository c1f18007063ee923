import type { World } from '../../world/world.ts';
import { answersChallenge, type Challenge } from './pkce.ts';
import { readToken, seal, type CodeClaims, type TokenClaims } from './tokens.ts';

/** What a person agreed to on the consent page. */
export interface Consent {
  handle: string;
  clientId: string;
  scopes: string[];
  redirectUri: string;
  challenge?: Challenge;
  nonce?: string;
}

/** What an app sends to exchange a code for tokens. */
export interface ShownCode {
  code: string | undefined;
  clientId: string;
  redirectUri: string | undefined;
  verifier: string | undefined;
}

/** Why a code is refused. `code` means unknown, used, withdrawn, or issued to another app. */
export type CodeProblem = 'code' | 'expired' | 'redirect_uri' | 'code_verifier';

export type TokenState = 'live' | 'expired' | 'ended';

/**
 * The life of a platform's codes and tokens. They contain their own data. Only used, revoked and withdrawn ones are remembered,
 * and a restart forgets those.
 */
export interface Grants {
  issueCode(consent: Consent, now: number, lifetimeMs: number): string;
  /** Uses up the code, unless there is a problem with it. */
  redeem(shown: ShownCode, now: number): { claims: CodeClaims } | { problem: CodeProblem };
  /** Issues a token with the claims of the code or token that it comes from. Without a lifetime it does not expire. */
  issue(kind: TokenClaims['kind'], from: CodeClaims | TokenClaims, now: number, lifetimeMs?: number): string;
  stateOf(claims: CodeClaims | TokenClaims, now: number): TokenState;
  end(claims: CodeClaims | TokenClaims): void;
  /** Ends all tokens that came from the same code. */
  endGrant(claims: TokenClaims): void;
  /** Ends all tokens that the app got for the account before this code. */
  endEarlier(claims: CodeClaims): void;
}

export function openGrants(world: World, platform: string): Grants {
  /** Ended tokens as `token <id>`, and ended grants (all tokens from one code) as `grant <id>`. */
  const ended = world.createTable<true>(200_000);
  /** The oldest valid grant, by app and account. */
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
