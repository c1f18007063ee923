import { describe, expect, it } from '@jest/globals';
import { isResolved, type Resolution } from '../src/delivery/resolution.ts';
import type { DeliveryStatus } from '../src/post/post.ts';

const url = 'https://example.com/1';
const verdict = (status: DeliveryStatus, resolution: Resolution, remoteUrl: string | null = null) => {
  try {
    return isResolved({ status, remoteUrl }, resolution);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('isResolved', () => {
  it.each<[DeliveryStatus, string | boolean, string | boolean]>([
    ['uncertain', false, false],
    ['published', true, 'nothing_to_resolve'],
    ['failed', 'nothing_to_resolve', true],
    ['pending', 'nothing_to_resolve', 'nothing_to_resolve'],
    ['publishing', 'nothing_to_resolve', 'nothing_to_resolve'],
    ['canceled', 'nothing_to_resolve', 'nothing_to_resolve'],
  ])('of a delivery that is %s: published %s, not published %s', (status, published, notPublished) => {
    expect(verdict(status, { outcome: 'published' })).toBe(published);
    expect(verdict(status, { outcome: 'not_published' })).toBe(notPublished);
  });

  it('accepts the same link again, and refuses another one', () => {
    expect(verdict('published', { outcome: 'published', url }, url)).toBe(true);
    expect(verdict('published', { outcome: 'published' }, url)).toBe(true);
    expect(verdict('published', { outcome: 'published', url }, `${url}2`)).toBe('nothing_to_resolve');
    expect(verdict('published', { outcome: 'published', url }, null)).toBe('nothing_to_resolve');
  });
});
