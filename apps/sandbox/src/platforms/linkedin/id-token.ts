import { createHash, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { CodeClaims } from '../oauth/tokens.ts';
import { visitor } from '../accounts.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { profileOf } from './accounts.ts';

// OpenID Connect: with the scope `openid`, the token answer has a signed ID token that names the member.

const lifetimeSeconds = 3600;
const issuerAt = (origin: string) => `${origin}/linkedin/oauth`;

/** Signs an ID token for the app with RS256, with the nonce of the authorization request. */
export function signIdToken(claims: CodeClaims, origin: string, now: number): string {
  const issuedAt = Math.floor(now / 1000);
  const { privateKey, publicJwk } = keyPair();
  const payload = {
    iss: issuerAt(origin),
    aud: claims.clientId,
    iat: issuedAt,
    exp: issuedAt + lifetimeSeconds,
    ...profileOf(claims.handle, claims.scopes),
    ...(claims.nonce !== undefined && { nonce: claims.nonce }),
  };
  const signed = [{ typ: 'JWT', alg: 'RS256', kid: publicJwk['kid'] }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** The discovery document and the public keys. Both need no token. */
export function openIdEndpoints(knownScopes: readonly string[]): Endpoint[] {
  const describe = ({ origin }: Call): Answer => {
    const at = `${origin}/linkedin`;
    return {
      status: 200,
      body: {
        issuer: issuerAt(origin),
        authorization_endpoint: `${at}/oauth/v2/authorization`,
        token_endpoint: `${at}/oauth/v2/accessToken`,
        userinfo_endpoint: `${at}/v2/userinfo`,
        jwks_uri: `${at}/oauth/openid/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['pairwise'],
        id_token_signing_alg_values_supported: ['RS256'],
        token_endpoint_auth_methods_supported: ['client_secret_post'],
        scopes_supported: knownScopes,
        claims_supported: [
          ...['iss', 'aud', 'iat', 'exp', 'sub', 'name', 'given_name', 'family_name', 'picture'],
          ...['email', 'email_verified', 'locale'],
        ],
      },
    };
  };
  const showKeys = (): Answer => ({ status: 200, body: { keys: [keyPair().publicJwk] } });
  const open = { method: 'GET', step: 'identity', handleOf: () => visitor } as const;
  return [
    { ...open, url: '/oauth/.well-known/openid-configuration', answer: describe },
    { ...open, url: '/oauth/openid/jwks', answer: showKeys },
  ];
}

let made: { privateKey: KeyObject; publicJwk: JsonWebKey } | undefined;

/** Generated at the first use, because it takes a while. A restart changes the key, as platforms rotate theirs. */
function keyPair() {
  if (made) return made;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify(jwk)).digest('hex').slice(0, 16);
  made = { privateKey, publicJwk: { ...jwk, kid, use: 'sig', alg: 'RS256' } };
  return made;
}
