import { databaseUrlProblem } from '@solospark/db';
import { apiVersionVariable } from '@solospark/domain';
import {
  isReadableFile,
  messageOf,
  parseKeyring,
  parseUrl,
  type SettingProblems,
} from '@solospark/foundation';
import { publishers } from '@solospark/publishers';
import { redisUrlProblem } from '@solospark/queue';

// Checks that a schema cannot express: the content of a value, and settings that belong together. They run before anything is
// opened, so that the operator gets one list of all problems.

/** `X_CLIENT_ID` and `X_CLIENT_SECRET`, and so on for each platform at which the operator has to register an OAuth client. */
export const appVariables = publishers
  .filter(({ connection }) => connection.kind === 'consent' && connection.registerClient === null)
  .map(({ id, name }) => ({
    id,
    name,
    clientId: `${id.toUpperCase()}_CLIENT_ID`,
    clientSecret: `${id.toUpperCase()}_CLIENT_SECRET`,
  }));

/** `LINKEDIN_API_VERSION`, and so on for each platform whose requests name an API version. */
export const versionVariables = publishers.flatMap(({ id, name, apiVersion }) =>
  apiVersion ? [{ id, name, apiVersion, variable: apiVersionVariable(id) }] : [],
);

const S3_NAMES = [
  'MEDIA_S3_BUCKET',
  'MEDIA_S3_ENDPOINT',
  'MEDIA_S3_ACCESS_KEY_ID',
  'MEDIA_S3_SECRET_ACCESS_KEY',
] as const;

/** Each rule checks one variable; undefined: nothing is wrong. */
const RULES: Record<string, (value: string) => string | undefined> = {
  DATABASE_URL: databaseUrlProblem,
  DIRECT_URL: databaseUrlProblem,
  REDIS_URL: redisUrlProblem,
  REDIS_CA_FILE: (path) => (isReadableFile(path) ? undefined : 'names a file that cannot be read'),
  PUBLIC_URL: addressProblem,
  SANDBOX_URL: addressProblem,
  MEDIA_S3_ENDPOINT: addressProblem,
  SEALING_KEYS: sealingKeysProblem,
  RATE_LIMITS: rateLimitsProblem,
};

/** Checks the variables that are set. The schema reports required variables that are missing. */
export function checkSettings(values: Record<string, unknown>): SettingProblems {
  const problems: SettingProblems = {};
  const note = (name: string, problem: string | undefined) => {
    if (problem) problems[name] = problem;
  };
  for (const [name, rule] of Object.entries(RULES)) {
    const value = values[name];
    if (typeof value === 'string') note(name, rule(value));
  }
  if (values['REDIS_CA_FILE'] !== undefined && !String(values['REDIS_URL']).startsWith('rediss://')) {
    note(
      'REDIS_CA_FILE',
      'is set, and REDIS_URL does not begin with rediss://: without TLS there is no certificate',
    );
  }
  const missingS3 = S3_NAMES.filter((name) => !values[name]);
  if (missingS3.length < S3_NAMES.length) {
    for (const name of missingS3)
      note(name, 'is not set, and other settings of the S3 store are: set all, or none');
  }
  for (const { name, clientId, clientSecret } of appVariables) {
    const [missing, given] =
      values[clientId] === undefined ? [clientId, clientSecret] : [clientSecret, clientId];
    if (values[missing] === undefined && values[given] !== undefined) {
      note(missing, `is not set, and ${given} is: ${name} needs both`);
    }
  }
  for (const { apiVersion, variable } of versionVariables) {
    const version = values[variable];
    if (typeof version === 'string' && !apiVersion.endsAt(version)) note(variable, apiVersion.rule);
  }
  return problems;
}

function addressProblem(value: string): string | undefined {
  const url = parseUrl(value);
  // One host: the URL parser accepts a list of hosts as one name, and takes the path as the host when the host is missing.
  if (!url?.hostname || !/^https?:\/\/[^/,\s]+(\/\S*)?$/i.test(value))
    return 'is no address: it must look like https://host:port';
  if (url.username || url.password) return 'has a user or a password in it: leave them out';
  return undefined;
}

function sealingKeysProblem(value: string): string | undefined {
  try {
    parseKeyring(value);
    return undefined;
  } catch (error) {
    return `is no list of keys (${messageOf(error)}). One is made by: echo "k1:$(openssl rand -base64 32)"`;
  }
}

function rateLimitsProblem(value: string): string | undefined {
  const known = new Set<string>(publishers.map(({ id }) => id));
  for (const part of value.split(',')) {
    const [, platform = '', max, seconds] = /^([a-z]+)\.\w+=(\d+)\/(\d+)$/.exec(part) ?? [];
    if (!known.has(platform)) {
      return `names the platform "${platform}"; there are ${[...known].join(', ')}`;
    }
    if (Number(max) < 1 || Number(seconds) < 1)
      return `has a 0 in "${part}": at least one post, and one second`;
    if (!Number.isSafeInteger(Number(max)) || Number(seconds) > 366 * 86_400)
      return `has too large a number in "${part}"`;
  }
  return undefined;
}
