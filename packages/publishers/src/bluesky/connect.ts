import { Type } from 'typebox';
import { callIdentity, decode } from '../answer.ts';
import {
  usableToken,
  type ConnectionCall,
  type PasswordConnection,
  type Credentials,
} from '../connection.ts';
import type { HttpRequest } from '../http.ts';
import { PublisherError } from '../publisher.ts';
import { endOfLife } from '../told-time.ts';
import { errors } from './errors.ts';

/** For a server that does not say how long a token is valid. */
const ASSUMED_ACCESS_SECONDS = 60 * 60;

/**
 * Sessions by app password. The access token lasts two hours. The refresh token lasts ninety days and changes with every use;
 * the old one works for two more hours, so a lost answer does not end the connection. Bluesky allows only a few sign-ins a day,
 * so SoloSpark signs in once and does not keep the password.
 */
export const connection: PasswordConnection = {
  kind: 'password',

  async signIn({ identifier, password, ...call }) {
    const request = {
      method: 'POST',
      path: '/xrpc/com.atproto.server.createSession',
      json: { identifier, password },
    } as const;
    try {
      return await openSession(call, password, request);
    } catch (error) {
      if (!(error instanceof PublisherError) || error.failure.kind !== 'auth_expired') throw error;
      const reason =
        'Bluesky does not accept this handle with this app password. Make an app password in Bluesky’s settings, and use it here.';
      throw new PublisherError({ ...error.failure, reason });
    }
  },

  refresh({ credentials, ...call }) {
    const secret = credentials.refreshToken ?? credentials.accessToken;
    const headers = { authorization: `Bearer ${secret}` };
    return openSession(call, secret, {
      method: 'POST',
      path: '/xrpc/com.atproto.server.refreshSession',
      headers,
    });
  },
};

function openSession(call: ConnectionCall, secret: string, request: HttpRequest): Promise<Credentials> {
  return callIdentity(
    { http: call.http, credentials: { accessToken: secret } },
    errors,
    request,
    (response) => {
      const session = decode(Session, response);
      const accessToken = usableToken(session?.accessJwt);
      const refreshToken = usableToken(session?.refreshJwt);
      if (accessToken === undefined || refreshToken === undefined) return undefined;
      const now = call.now();
      const refreshExpiresAt = expiryOf(refreshToken, now);
      const expiresAt = expiryOf(accessToken, now) ?? endOfLife(now, ASSUMED_ACCESS_SECONDS);
      return {
        accessToken,
        refreshToken,
        ...(expiresAt && { expiresAt }),
        ...(refreshExpiresAt && { refreshExpiresAt }),
      };
    },
  );
}

/** The token states its own expiry. It is only used to plan the refresh: the server decides. */
function expiryOf(jwt: string, now: Date): string | undefined {
  const payload = jwt.split('.')[1] ?? '';
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? endOfLife(now, exp - now.getTime() / 1_000) : undefined;
  } catch {
    return undefined;
  }
}

const Session = Type.Object({
  accessJwt: Type.String({ minLength: 1 }),
  refreshJwt: Type.String({ minLength: 1 }),
});
