import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { reasonOf } from './errors.ts';

// Checks whether this Redis user has all rights that a queue needs. Otherwise a missing right only shows as jobs that never
// run.

type Six = [string, string, string, string, string, string];

/** Every command that this room, BullMQ and BullMQ's scripts send, with arguments that only change keys below `key`. */
function commandsOn(key: string): (string | number)[][] {
  const [other, hash, list, set, sorted, stream] = [1, 2, 3, 4, 5, 6].map((part) => `${key}:${part}`) as Six;
  return [
    ['info', 'server'],
    ['ping'],
    ['time'],
    ['eval', 'return 1', 0],
    ['evalsha', '0'.repeat(40), 0],
    ['script', 'exists', '0'.repeat(40)],
    ['script', 'load', 'return 1'],
    ['hset', hash, 'a', 1],
    ['hsetnx', hash, 'a', 1],
    ['hmset', hash, 'a', 1],
    ['hget', hash, 'a'],
    ['hmget', hash, 'a'],
    ['hgetall', hash],
    ['hexists', hash, 'a'],
    ['hincrby', hash, 'a', 1],
    ['hlen', hash],
    ['hscan', hash, 0],
    ['hdel', hash, 'a'],
    ['set', key, 1],
    ['get', key],
    ['incr', key],
    ['incrby', key, 1],
    ['exists', key],
    ['type', key],
    ['pttl', key],
    ['pexpire', key, 60_000],
    ['pexpireat', key, Date.now() + 60_000],
    ['rename', key, other],
    ['rpush', list, 'a'],
    ['lpush', list, 'a'],
    ['lindex', list, 0],
    ['llen', list],
    ['lpos', list, 'a'],
    ['lrange', list, 0, 1],
    ['lset', list, 0, 'a'],
    ['ltrim', list, 0, 5],
    ['rpoplpush', list, list],
    ['lrem', list, 1, 'b'],
    ['lpop', list],
    ['rpop', list],
    ['sadd', set, 'a'],
    ['scard', set],
    ['sismember', set, 'a'],
    ['smembers', set],
    ['sscan', set, 0],
    ['srem', set, 'a'],
    ['zadd', sorted, 1, 'a'],
    ['zcard', sorted],
    ['zcount', sorted, 0, 1],
    ['zlexcount', sorted, '-', '+'],
    ['zrange', sorted, 0, 1],
    ['zrangebylex', sorted, '-', '+'],
    ['zrangebyscore', sorted, 0, 1],
    ['zrevrange', sorted, 0, 1],
    ['zrevrangebyscore', sorted, 1, 0],
    ['zscore', sorted, 'a'],
    ['zremrangebyrank', sorted, 5, 6],
    ['zremrangebyscore', sorted, 5, 6],
    ['zrem', sorted, 'b'],
    ['zpopmin', sorted],
    ['zadd', sorted, 1, 'a'],
    ['bzpopmin', sorted, 1],
    ['xadd', stream, '*', 'a', 1],
    ['xlen', stream],
    ['xrange', stream, '-', '+'],
    ['xread', 'STREAMS', stream, 0],
    ['xdel', stream, '0-1'],
    ['xtrim', stream, 'MAXLEN', 0],
    ['multi'],
    ['exec'],
    ['unlink', stream],
    ['del', key, other, hash, list, set, sorted, stream],
  ];
}

/** The rights that a user needs, as rules of `ACL SETUSER`. docs/operations.md explains each; a test uses exactly these. */
export function leastRights(prefix: string): string {
  return `'~${prefix}:*' +@read +@write +@connection +@transaction +eval +evalsha +script|exists +script|load +time -@dangerous +info`;
}

/** One sentence that names the missing rights; undefined: none is missing. Throws when the server is not there. */
export async function missingRights(client: Redis, prefix: string): Promise<string | undefined> {
  const commands = commandsOn(`${prefix}:access-check:${randomUUID()}`);
  const answers = await Promise.all(
    commands.map(([name = '', ...args]) =>
      client.call(String(name), ...args).then(
        () => undefined,
        (error: unknown) => reasonOf(error),
      ),
    ),
  );
  const refused = answers.flatMap((reason, index) =>
    reason?.includes('NOPERM') ? [{ reason, name: nameOf(commands[index] ?? []) }] : [],
  );
  if (refused.length === 0) return undefined;
  const user = client.options.username || 'default';
  const [keys, others] = [
    refused.filter(({ reason }) => isAboutKeys(reason)),
    refused.filter(({ reason }) => !isAboutKeys(reason)),
  ];
  const what = [
    ...(others.length > 0 ? [`run ${listOf(others.map(({ name }) => name))}`] : []),
    ...(keys.length > 0 ? [`use the keys ${prefix}:*`] : []),
  ].join(' or ');
  return `The Redis user "${user}" may not ${what}. It needs: ACL SETUSER ${user} ${leastRights(prefix)}`;
}

/** Redis 6 says "keys", Redis 7 "key". The other message is about a command. */
function isAboutKeys(reason: string): boolean {
  return /\bkeys?\b/.test(reason);
}

function nameOf([name, first]: (string | number)[]): string {
  return (name === 'script' ? `${name}|${first}` : String(name)).toUpperCase();
}

function listOf(names: string[]): string {
  const unique = [...new Set(names)];
  const shown = unique.slice(0, 8).join(', ');
  return unique.length > 8 ? `${shown} and ${unique.length - 8} more commands` : shown;
}
