import { describe, expect, it } from '@jest/globals';
import { ConfigError, createLogger } from '@solospark/foundation';
import { openContext } from '../src/open-context.ts';

const env = {
  DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere',
  DATABASE_POOL_SIZE: 2,
  QUEUE_PREFIX: 'test',
  PUBLIC_URL: 'http://127.0.0.1:1',
  SEALING_KEYS: `test:${Buffer.alloc(32).toString('base64')}`,
  MEDIA_SIGNING_KEY: 'a'.repeat(32),
  MEDIA_DIR: '/nonexistent',
  ALLOW_PRIVATE_SERVERS: false,
  LOG_LEVEL: 'silent',
} as const;
const s3 = {
  MEDIA_S3_BUCKET: 'media',
  MEDIA_S3_ENDPOINT: 'http://127.0.0.1:1',
  MEDIA_S3_ACCESS_KEY_ID: 'id',
  MEDIA_S3_SECRET_ACCESS_KEY: 'not to be shown',
} as const;
const open = (over: object) =>
  openContext(
    { ...env, ...over },
    { log: createLogger({ name: 'test', level: 'silent' }), applicationName: 'test' },
  );

describe('the API version of a platform', () => {
  it('is the one that the operator has set', async () => {
    const ctx = open({ LINKEDIN_API_VERSION: '202610' });
    expect(ctx.settings.apiVersions).toEqual({ linkedin: '202610' });
    await ctx.close();
    const plain = open({});
    expect(plain.settings.apiVersions).toEqual({});
    await plain.close();
  });
  it.each(['2026', '202613', 'latest', '20260901'])(
    'is refused, with the name of its variable, when it is not valid: %s',
    (value) => {
      const refused = () => open({ LINKEDIN_API_VERSION: value });
      expect(refused).toThrow(ConfigError);
      expect(refused).toThrow(/LINKEDIN_API_VERSION must be the year and the month/);
    },
  );
});

describe('the S3 store', () => {
  it.each(Object.keys(s3))('is refused without %s, and the error names only that variable', (name) => {
    const half = Object.fromEntries(Object.entries(s3).filter(([other]) => other !== name));
    let said = '';
    try {
      open(half);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      said = (error as Error).message;
    }
    expect(said).toContain(`${name} is not set`);
    for (const other of Object.keys(half)) expect(said).not.toContain(`${other} is`);
    expect(said).not.toContain('not to be shown');
  });
  it('may be set completely, or not at all', async () => {
    for (const over of [{}, s3]) await open(over).close();
  });
});
