import type { Answer, KnownCall, SandboxPlatform } from '../platform.ts';
import type { Grants } from './grants.ts';
import { readToken } from './tokens.ts';

export interface AccessRules {
  /** Whether these scopes allow the call. */
  allows(scopes: readonly string[], call: KnownCall): boolean;
  missingScope(call: KnownCall): Answer;
  revokedToken(): Answer;
}

/** Checks access tokens that were issued by OAuth. The sandbox's own tokens, `sandbox-…`, allow everything and never expire. */
export function accessGuard(
  platform: Pick<SandboxPlatform, 'id' | 'refusals'>,
  grants: Grants,
  rules: AccessRules,
) {
  return (call: KnownCall): Answer | undefined => {
    const claims = readToken(platform.id, 'access', call.token);
    if (!claims) return undefined;
    const state = grants.stateOf(claims, call.now);
    if (state === 'ended') return rules.revokedToken();
    if (state === 'expired') return platform.refusals.expiredToken();
    return rules.allows(claims.scopes, call) ? undefined : rules.missingScope(call);
  };
}
