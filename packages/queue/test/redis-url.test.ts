import { expect, it } from '@jest/globals';
import { redisUrlProblem } from '../src/index.ts';

it.each([
  'redis://127.0.0.1:6379',
  'redis://127.0.0.1',
  'redis://:secret@127.0.0.1:6379/3',
  'rediss://app:p%40ss%3Aw%2Fo%23r%25d@redis.example.com:6380',
  'redis://[::1]:6379/0',
  'redis://cache.internal:6379?family=0',
])('a Redis URL is accepted: %s', (url) => {
  expect(redisUrlProblem(url)).toBeUndefined();
});

it.each([
  ['redis://127.0.0.1:6379/prod', 'names the database "prod"'],
  ['redis://127.0.0.1:6379/-1', 'names the database'],
  ['redis://127.0.0.1:6379/1/2', 'names the database'],
  ['redis://127.0.0.1:6379?db=3', 'parameter "db"'],
  ['rediss://127.0.0.1:6379?rejectUnauthorized=false', 'REDIS_CA_FILE'],
  ['rediss://127.0.0.1:6379?tls={}', 'REDIS_CA_FILE'],
  ['redis://app:p@ss:w/o#r%d@127.0.0.1:6379', 'percent-encoded'],
  ['redis://app:50%@127.0.0.1:6379', 'written %25'],
  ['redis://a:1,b:2', 'one host'],
  ['redis://a,b', 'one host'],
  ['unix:///run/redis.sock', 'must look like redis://'],
  ['127.0.0.1:6379', 'must look like redis://'],
  ['REDIS://127.0.0.1', 'must look like redis://'],
])('a Redis URL is refused with a message that does not contain the password: %s', (url, sentence) => {
  expect(redisUrlProblem(url)).toContain(sentence);
  expect(redisUrlProblem(url)).not.toMatch(/p@ss|50%@/);
});
