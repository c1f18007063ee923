import { describe, expect, it } from '@jest/globals';
import { parseInstant } from '../src/index.ts';

describe('parseInstant', () => {
  it.each([
    ['2026-12-01T09:00:00Z', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01t09:00:00.5z', '2026-12-01T09:00:00.500Z'],
    ['2026-12-01T09:00:00+02:00', '2026-12-01T07:00:00.000Z'],
    ['2026-12-01T09:00:00-00:00', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01T00:30:00.123456789+14:00', '2026-11-30T10:30:00.123Z'],
    ['2028-02-29T23:59:59Z', '2028-02-29T23:59:59.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('reads %s', (text, wanted) => {
    expect((parseInstant(text) as Date).toISOString()).toBe(wanted);
  });

  it.each([
    ['2026-11-28T09:00:00', 'offset', 'has no offset'],
    ['2026-11-28T09:00', 'offset', 'has no offset'],
    ['2026-11-28 09:00:00', 'offset', 'has no offset'],
    ['2026-11-28T09:00:00.250', 'offset', 'has no offset'],
    ['2026-11-28T09:00:00+0100', 'offset', '+01:00'],
    ['2026-11-28T09:00:00+1', 'offset', '+01:00'],
    ['2026-11-28T09:00:00 CET', 'offset', '+01:00'],
    ['2026-11-28T09:00:00 UTC', 'offset', '+01:00'],
    ['2026-11-28T09:00:00[Europe/Berlin]', 'offset', '+01:00'],
    ['2026-11-28T09:00:00+25:00', 'calendar', 'offset that does not exist'],
    ['2026-11-28T09:00:00+01:60', 'calendar', 'offset that does not exist'],
    ['2026-02-30T09:00:00Z', 'calendar', 'a day that does not exist: February 2026 has the days 01 to 28'],
    ['2027-02-29T09:00:00Z', 'calendar', 'February 2027 has the days 01 to 28'],
    ['1900-02-29T09:00:00Z', 'calendar', 'February 1900 has the days 01 to 28'],
    ['2028-02-30T09:00:00Z', 'calendar', 'February 2028 has the days 01 to 29'],
    ['2026-04-31T09:00:00Z', 'calendar', 'April 2026 has the days 01 to 30'],
    ['2026-12-00T09:00:00Z', 'calendar', 'December 2026 has the days 01 to 31'],
    ['2026-13-01T09:00:00Z', 'calendar', 'month 13'],
    ['2026-00-01T09:00:00Z', 'calendar', 'month 0'],
    ['2026-12-01T24:00:00Z', 'calendar', 'midnight is 00:00:00 of the day after'],
    ['2026-12-01T24:30:00Z', 'calendar', 'hour 24'],
    ['2026-12-01T09:60:00Z', 'calendar', 'minute 60'],
    ['2026-12-31T23:59:60Z', 'calendar', 'leap second'],
    ['2026-12-01T09:00:61Z', 'calendar', 'second 61'],
    ['2026-12-01', 'format', 'no time of day'],
    ['12026-12-01T09:00:00Z', 'format', 'four digits'],
    ['+002026-12-01T09:00:00Z', 'format', 'four digits'],
    ['2026-12-01 09:00:00Z', 'format', 'RFC 3339'],
    ['2026-W48-6T09:00:00Z', 'format', 'RFC 3339'],
    ['1796112000', 'format', 'RFC 3339'],
    ['tomorrow', 'format', 'RFC 3339'],
    [' 2026-12-01T09:00:00Z', 'format', 'RFC 3339'],
    ['', 'format', 'RFC 3339'],
  ])('refuses %p and says what is wrong: %s', (text, code, words) => {
    expect(parseInstant(text)).toEqual({ code, detail: expect.stringContaining(words) });
  });

  it('refuses a very long text quickly', () => {
    const startedAt = performance.now();
    for (const piece of ['9', '2026-12-01T', '-', 'Z', '+01', ' A']) parseInstant(piece.repeat(200_000));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
