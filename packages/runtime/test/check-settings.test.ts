import { expect, it } from '@jest/globals';
import { checkSettings } from '../src/check-settings.ts';

it.each([
  ['PUBLIC_URL', 'http:///spark.example.com', 'is no address'],
  ['PUBLIC_URL', 'http://a.example.com,http://b.example.com', 'is no address'],
  ['PUBLIC_URL', 'https://user:secret@spark.example.com', 'leave them out'],
  ['SANDBOX_URL', 'http://a b', 'is no address'],
  ['REDIS_CA_FILE', '/tmp', 'cannot be read'],
  ['REDIS_CA_FILE', '/nowhere/ca.crt', 'cannot be read'],
])('%s=%s is refused with a message that contains no password', (name, value, sentence) => {
  const problem = checkSettings({ REDIS_URL: 'rediss://a', [name]: value })[name];
  expect(problem).toContain(sentence);
  expect(problem).not.toContain('secret');
});

it.each([
  'https://spark.example.com',
  'http://127.0.0.1:3000',
  'http://[::1]:3000',
  'https://bücher.example/api',
])('PUBLIC_URL=%s is accepted', (value) => expect(checkSettings({ PUBLIC_URL: value })).toEqual({}));
