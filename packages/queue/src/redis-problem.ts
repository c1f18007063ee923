import { reasonOf } from './errors.ts';

const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The server refuses the database number. ioredis would go on with database 0, which may belong to another application. */
export function refusesDatabase(error: unknown): boolean {
  return /DB index is out of range|SELECT is not allowed in cluster mode|invalid DB index/i.test(
    reasonOf(error),
  );
}

/** One sentence for an error that only the operator can fix; undefined for an error that may pass by itself. */
export function explainRedisError(error: unknown, database: number): string | undefined {
  const reason = reasonOf(error);
  const code = (error as { code?: unknown } | null)?.code;
  if (refusesDatabase(error)) {
    return `Redis has no database ${database} (${reason}): write another number at the end of REDIS_URL, or raise "databases" in redis.conf. Installations that share one are told apart by QUEUE_PREFIX.`;
  }
  if (typeof code === 'string' && UNTRUSTED.has(code)) {
    return (
      `Redis shows a certificate that is not signed by a CA known here (${reason}): set REDIS_CA_FILE to the CA certificate of your ` +
      'provider (or name it in NODE_EXTRA_CA_CERTS).'
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `Redis shows a certificate for another host name (${reason}): use that name in REDIS_URL.`;
  }
  if (code === 'CERT_HAS_EXPIRED')
    return `Redis shows a certificate that has expired: renew it on the server.`;
  if (/wrong version number|packet length too long/i.test(reason)) {
    return 'Redis speaks no TLS on this port: REDIS_URL must begin with redis:// and not with rediss://.';
  }
  if (/WRONGPASS|invalid password|invalid username-password/i.test(reason)) {
    return 'Redis refuses the user or the password: correct them in REDIS_URL.';
  }
  if (/NOAUTH/.test(reason)) {
    return 'Redis wants a password, and REDIS_URL has none: redis://user:password@host:6379, or redis://:password@host:6379.';
  }
  if (/^MOVED /.test(reason)) {
    return 'This Redis is one node of a cluster and holds other keys: SoloSpark needs a server of its own, or one that a proxy stands before.';
  }
  return undefined;
}
