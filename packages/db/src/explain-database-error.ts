// One sentence for each database problem that the operator can fix. A stack trace does not help to correct a password.

interface Facts {
  code: string;
  message: string;
}

const UNREACHABLE: Record<string, string> = {
  ECONNREFUSED: 'no server listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'the host does not answer',
  ECONNRESET: 'the connection was closed at once',
  ENOENT: 'there is no such socket',
};

const TRUST =
  'add sslrootcert=/path/to/ca.crt to the URL with the CA certificate of your provider, or name that file in NODE_EXTRA_CA_CERTS; ' +
  'sslmode=no-verify takes any certificate';

/** Node's and OpenSSL's codes for a certificate that no known CA has signed. */
const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Explains an error of connecting, or a missing right. `lasts`: it does not go away by waiting. Undefined for any other
 * error, which the operator cannot fix.
 */
export function explainDatabaseError(error: unknown): { sentence: string; lasts: boolean } | undefined {
  for (const { code, message } of factsOf(error)) {
    const lasting = lastingProblem(code, message);
    if (lasting) return { sentence: lasting, lasts: true };
    const unreachable =
      UNREACHABLE[code] ??
      (/connection timeout|timeout exceeded when trying to connect|timeout expired/.test(message)
        ? 'the host does not answer'
        : undefined);
    if (unreachable) {
      return {
        sentence: `PostgreSQL cannot be reached: ${unreachable} (${message}). Check host and port in DATABASE_URL, and that the server runs.`,
        lasts: false,
      };
    }
    if (code === '57P03' || code === '53300') {
      return { sentence: `PostgreSQL takes no connection at present: ${message}.`, lasts: false };
    }
  }
  return undefined;
}

function lastingProblem(code: string, message: string): string | undefined {
  if (UNTRUSTED.has(code)) {
    return `PostgreSQL shows a certificate that is not signed by a CA known here (${message}): ${TRUST}.`;
  }
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `PostgreSQL's certificate is for another host name (${message}): use that name in DATABASE_URL.`;
    case 'CERT_HAS_EXPIRED':
      return `PostgreSQL's certificate has expired: renew it on the server.`;
    case '28P01':
      return `PostgreSQL refuses the password or the user (${message}): correct them in DATABASE_URL.`;
    case '28000':
      return `PostgreSQL refuses this user or this kind of connection (${message}): correct the user, or sslmode, in DATABASE_URL.`;
    case '3D000':
      return `The database does not exist (${message}): create it, or correct its name in DATABASE_URL.`;
    case '42501':
      return (
        `PostgreSQL refuses this user a right that it needs (${message}): let it own the database, or ` +
        'GRANT CREATE, USAGE ON SCHEMA public and GRANT CREATE ON DATABASE to it.'
      );
    case '25006':
      return 'This PostgreSQL only reads: DATABASE_URL leads to a replica. Use the address of the primary.';
    default:
      return message.includes('does not support SSL')
        ? 'This PostgreSQL has no encryption: take sslmode out of DATABASE_URL, or write sslmode=disable.'
        : undefined;
  }
}

/** The codes and messages of an error, of its causes, and of each address that was tried. */
function factsOf(error: unknown, depth = 0): Facts[] {
  if (depth > 8 || typeof error !== 'object' || error === null) return [];
  const { code, originalCode, message, errors, cause, meta } = error as Record<string, unknown>;
  const own = [code, originalCode]
    .filter((value) => typeof value === 'string')
    .map((value) => ({ code: value, message: typeof message === 'string' ? message : '' }));
  if (own.length === 0 && typeof message === 'string') own.push({ code: '', message });
  const inner = [
    ...(Array.isArray(errors) ? (errors as unknown[]) : []),
    cause,
    (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError,
  ];
  // The innermost first, since it is the most exact: an outer error may have no message at all.
  return [...inner.flatMap((each) => factsOf(each, depth + 1)), ...own];
}
