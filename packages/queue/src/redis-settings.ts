import type { Logger } from '@solospark/foundation';
import type { Redis } from 'ioredis';

/** Redis settings that a queue needs, and how to set them. Read from INFO, since managed servers often forbid CONFIG. */
const advice: { field: string; good: (value: string) => boolean; message: string; todo: string }[] = [
  {
    field: 'maxmemory_policy',
    good: (value) => value === 'noeviction',
    message: 'Redis may drop jobs when its memory is full',
    todo: 'set maxmemory-policy noeviction',
  },
  {
    field: 'aof_enabled',
    good: (value) => value === '1',
    message: 'Redis loses jobs when it is restarted',
    todo: 'set appendonly yes and appendfsync everysec; alarms that are lost are set again, only later',
  },
  {
    field: 'configured_hz',
    good: (value) => Number(value) >= 100,
    message: 'Redis rounds delayed jobs up to its next tick',
    todo: 'set hz 100: at the default of 10 a job on an idle server may be 100 ms late',
  },
];

/** Logs each setting that should be different. Rejects when the server does not answer. */
export async function warnAboutRedisSettings(client: Redis, log: Logger): Promise<void> {
  const fields = new Map<string, string>();
  for (const line of (await client.info()).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  for (const { field, good, message, todo } of advice) {
    const value = fields.get(field);
    if (value === undefined || good(value)) continue;
    if (field === 'configured_hz') log.info({ setting: field, value, todo }, message);
    else log.warn({ setting: field, value, todo }, message);
  }
}
