import { describe, expect, it } from '@jest/globals';
import { MAX_SCHEDULE_AHEAD_MS, parseScheduledAt } from '../src/post/post.ts';

const now = new Date('2026-11-22T12:00:00.000Z');
const codeOf = (text: string) => {
  try {
    parseScheduledAt(text, now);
    return 'accepted';
  } catch (error) {
    return (error as { errors: { code: string }[] }).errors[0]?.code;
  }
};

describe('parseScheduledAt', () => {
  it('reads an instant in any offset', () => {
    expect(parseScheduledAt('2026-12-01T09:00:00Z', now).toISOString()).toBe('2026-12-01T09:00:00.000Z');
    expect(parseScheduledAt('2026-12-01T09:00:00+02:00', now).toISOString()).toBe('2026-12-01T07:00:00.000Z');
    expect(parseScheduledAt('2026-12-01t09:00:00.5z', now).toISOString()).toBe('2026-12-01T09:00:00.500Z');
    expect(parseScheduledAt('2028-02-29T00:00:00Z', now).toISOString()).toBe('2028-02-29T00:00:00.000Z');
  });

  it.each([
    ['2026-12-01T09:00:00', 'offset'],
    ['2026-12-01', 'format'],
    ['tomorrow', 'format'],
    ['2026-12-01 09:00:00Z', 'format'],
    ['2027-02-29T09:00:00Z', 'calendar'],
    ['2026-13-01T09:00:00Z', 'calendar'],
    ['2026-12-00T09:00:00Z', 'calendar'],
    ['2026-12-01T24:30:00Z', 'calendar'],
    ['2026-11-22T12:00:00Z', 'future'],
    ['2026-11-22T13:59:00+02:00', 'future'],
    ['2030-01-01T00:00:00Z', 'horizon'],
  ])('refuses %s: %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('accepts the latest time that is allowed', () => {
    const last = new Date(now.getTime() + MAX_SCHEDULE_AHEAD_MS).toISOString();
    expect(codeOf(last)).toBe('accepted');
  });
});
