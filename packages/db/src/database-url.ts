import { isReadableFile, parseUrl } from '@solospark/foundation';

// pg accepts any URL and any parameter, and silently ignores what it does not know. Here every part of a URL is either obeyed
// or refused, before anything connects, so that no setting of the operator is lost.

const EXAMPLE = 'postgresql://user:password@host:5432/name';

/** Parameters that pg, or TLS below it, obeys. */
const OBEYED = new Set([
  'application_name',
  'fallback_application_name',
  'channel_binding',
  'client_encoding',
  'host',
  'options',
  'port',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
  'password',
  'uselibpqcompat',
  'user',
]);

/** Parameters of other programs, with the setting that replaces each here. */
const INSTEAD: Record<string, string> = {
  connection_limit: 'set DATABASE_POOL_SIZE instead',
  max: 'set DATABASE_POOL_SIZE instead',
  pool_timeout: 'it has a limit of its own for that',
  connect_timeout: 'it has a limit of its own for that',
  socket_timeout: 'it has a limit of its own for that',
  statement_timeout: 'it has a limit of its own for that',
  lock_timeout: 'it has a limit of its own for that',
  query_timeout: 'it has a limit of its own for that',
  idle_in_transaction_session_timeout: 'it has a limit of its own for that',
  sslaccept: 'write sslmode=no-verify to take any certificate, or sslrootcert=<file> to name the CA',
  sslidentity: 'write sslcert=<file> and sslkey=<file>',
  ssl: 'write sslmode=verify-full',
  search_path: 'its tables are in the schema "public"',
  currentSchema: 'its tables are in the schema "public"',
};

const SSL_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * What is wrong with a database URL, as the rest of a sentence that begins with the variable's name; undefined when nothing
 * is wrong. Never shows the password.
 */
export function databaseUrlProblem(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//i.test(text)) return `must look like ${EXAMPLE}`;
  const url = parseUrl(text);
  // The parser reads a list of hosts as one host name.
  if (!url || url.hostname.includes(',')) {
    return (
      `is no address: it must look like ${EXAMPLE}, with one host, and with what stands in a password percent-encoded ` +
      '(@ as %40, : as %3A, / as %2F, # as %23, % as %25)'
    );
  }
  if (url.hash) return 'has a "#" in it: in a user, a password or a name it is written %23';
  try {
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part);
  } catch {
    return 'has a "%" in it that begins no percent-encoded character: a percent sign itself is written %25';
  }
  const twice = saidTwice(url);
  if (twice) return `says its ${twice} twice: leave one of them out`;
  for (const [name, value] of url.searchParams) {
    const problem = parameterProblem(name, value);
    if (problem) return problem;
  }
  return undefined;
}

function parameterProblem(name: string, value: string): string | undefined {
  // Prisma's parameters, with the values that hold here anyway.
  if ((name === 'schema' && value === 'public') || (name === 'pgbouncer' && /^(true|false)$/.test(value)))
    return;
  if (name === 'schema') {
    return `names the schema "${value}", and SoloSpark keeps its tables in "public": leave "schema" out, or give it a database of its own`;
  }
  if (name === 'options' && /search_path/i.test(value)) {
    return 'sets a search_path, and SoloSpark keeps its tables in the schema "public": leave it out';
  }
  if (name === 'sslmode' && !SSL_MODES.includes(value)) {
    return `has sslmode=${value}; it must be one of ${SSL_MODES.join(', ')}`;
  }
  if (['sslrootcert', 'sslcert', 'sslkey'].includes(name)) {
    return isReadableFile(value) ? undefined : `has ${name}=${value}, and this file cannot be read`;
  }
  if (OBEYED.has(name)) return;
  return `has the parameter "${name}", which SoloSpark does not obey: leave it out (${INSTEAD[name] ?? 'nothing here does what it says'})`;
}

/** pg obeys only one of two. With a socket folder in `host`, the URL's own host is only a placeholder, as Prisma documents. */
function saidTwice({ hostname, port, username, password, searchParams }: URL): string | undefined {
  const names = [...searchParams.keys()];
  const isSocket = searchParams.get('host')?.startsWith('/');
  const where = isSocket ? {} : { host: hostname, port };
  const inAddress = Object.entries({ ...where, user: username, password });
  return (
    names.find((name, index) => names.indexOf(name) !== index) ??
    inAddress.find(([name, value]) => value !== '' && searchParams.has(name))?.[0]
  );
}

/**
 * The URL for pg. pg treats `prefer`, `require` and `verify-ca` as `verify-full` and prints a long warning at each start, so
 * `verify-full` is written here. Parameters that only Prisma knows are removed.
 */
export function connectionStringOf(text: string): string {
  const url = parseUrl(text.trim());
  if (!url) return text;
  const mode = url.searchParams.get('sslmode');
  if (url.searchParams.get('uselibpqcompat') !== 'true' && /^(prefer|require|verify-ca)$/.test(mode ?? '')) {
    url.searchParams.set('sslmode', 'verify-full');
  }
  for (const name of ['schema', 'pgbouncer', 'channel_binding']) url.searchParams.delete(name);
  return url.href;
}
