import { parseUrl } from '@solospark/foundation';

const EXAMPLE = 'redis://user:password@host:6379/0';

/**
 * What is wrong with a Redis URL, as the rest of a sentence that begins with the variable's name; undefined when nothing is
 * wrong. ioredis itself accepts anything and ignores what it does not know. Never shows the password.
 */
export function redisUrlProblem(text: string): string | undefined {
  if (!/^rediss?:\/\//.test(text))
    return `must look like ${EXAMPLE}, or begin with rediss:// for a server with TLS`;
  const url = parseUrl(text);
  // The parser reads a list of hosts as one host name.
  if (!url?.hostname || url.hostname.includes(',')) {
    return (
      `is no address: it must look like ${EXAMPLE}, with one host, and with what stands in a password percent-encoded ` +
      '(@ as %40, : as %3A, / as %2F, # as %23, % as %25)'
    );
  }
  if (url.hash) return 'has a "#" in it: in a user or a password it is written %23';
  try {
    for (const part of [url.username, url.password]) decodeURIComponent(part);
  } catch {
    return 'has a "%" in it that begins no percent-encoded character: a percent sign itself is written %25';
  }
  const database = url.pathname.slice(1);
  if (database !== '' && !/^\d{1,6}$/.test(database)) {
    return `names the database "${database}": Redis has numbers for them, such as ${EXAMPLE}. Installations that share one are told apart by QUEUE_PREFIX`;
  }
  for (const [name, value] of url.searchParams) {
    if (name === 'family' && /^[046]$/.test(value)) continue;
    return `has the parameter "${name}", which SoloSpark does not obey: leave it out${insteadOf(name)}`;
  }
  return undefined;
}

function insteadOf(name: string): string {
  if (/^(tls|ssl)|unauthorized|cert/i.test(name)) return ', and name the CA of the server in REDIS_CA_FILE';
  if (name === 'db') return `, and write the number at the end of the address: ${EXAMPLE}`;
  return '';
}
