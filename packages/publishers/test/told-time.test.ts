import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../test/chaos/random.ts';
import { errors as bluesky } from '../src/bluesky/errors.ts';
import { errors as instagram } from '../src/instagram/errors.ts';
import { errors as linkedin } from '../src/linkedin/errors.ts';
import { errors as mastodon } from '../src/mastodon/errors.ts';
import { errors as x } from '../src/x/errors.ts';
import { absentUntil, endOfLife, pauseUntil } from '../src/told-time.ts';
import { answer, NOW } from './answers.ts';

const seconds = NOW.getTime() / 1_000;
const after = (pauseSeconds: number) => new Date(NOW.getTime() + pauseSeconds * 1_000);

describe('the wait after a rate limit', () => {
  it.each<[string, string | null, string | null, number]>([
    ['epoch seconds', String(seconds + 900), null, 900],
    ['epoch milliseconds', String((seconds + 900) * 1_000), null, 900],
    ['epoch microseconds', String((seconds + 900) * 1_000_000), null, 900],
    ['a fraction of a second', `${seconds + 900}.5`, null, 900.5],
    ['seconds from now', '900', null, 900],
    ['a date of RFC 3339', '2026-11-22T10:15:00.000000Z', null, 900],
    ['the same at another offset', '2026-11-22T11:15:00+01:00', null, 900],
    ['Retry-After in seconds', null, '600', 600],
    ['Retry-After as a date', null, 'Sun, 22 Nov 2026 10:10:00 GMT', 600],
    ['the later of two', String(seconds + 900), '1000', 1_000],
    ['the later of two, the other way round', String(seconds + 900), '10', 900],
    ['a time in the past: the clocks differ', String(seconds - 300), null, 5],
    ['now', String(seconds), '0', 5],
    ['a year: too long to be meant', String(seconds + 365 * 86_400), null, 60],
    ['the same beside a usable time', String(seconds + 365 * 86_400), '30', 30],
    ['a date without an offset', '2026-11-22T10:15:00', null, 60],
    ['nothing', null, null, 60],
    ['a small number: seconds from now', '2026', null, 2_026],
    // RFC 9110, 5.6.7: a recipient reads all three.
    ['a date of RFC 850', null, 'Sunday, 22-Nov-26 10:10:00 GMT', 600],
    ['a date of C, in UTC', null, 'Sun Nov 22 10:10:00 2026', 600],
    ['a date of mail', null, 'Sun, 22 Nov 2026 11:10:00 +0100', 600],
    ['a date in UTC by name, in small letters', null, 'sun, 22 nov 2026 10:10:00 utc', 600],
    ['a date as Ruby prints it', '2026-11-22 10:15:00 UTC', null, 900],
    ['a date as Go prints it', '2026-11-22 10:15:00 +0000 UTC', null, 900],
    ['a header that came twice', `${seconds + 900}, ${seconds + 900}`, '600, 600', 900],
    ['the later of those that came twice', `${seconds + 900}, ${seconds + 1_200}`, null, 1_200],
    [
      'two dates, which have commas, and a number',
      null,
      'Sun, 22 Nov 2026 10:10:00 GMT, Sun, 22 Nov 2026 10:15:00 GMT, 30',
      900,
    ],
    ['the usable part of a list', 'soon, 900', null, 900],
    ['a day of the month that does not exist', null, 'Sun, 32 Nov 2026 10:10:00 GMT', 60],
    ...['', ',', 'soon', '600s', '+600', '-5', '1e300', 'NaN', 'Infinity', '9'.repeat(400), '0x10'].map(
      (odd): [string, string, null, number] => [JSON.stringify(odd.slice(0, 20)), odd, null, 60],
    ),
  ])('with %s', (_, own, retryAfter, pauseSeconds) => {
    const headers = new Headers(retryAfter === null ? {} : { 'retry-after': retryAfter });
    expect(pauseUntil(headers, NOW, own)).toEqual(after(pauseSeconds));
  });

  it.each([
    ['0', true],
    ['-1', true],
    ['0, 0', true],
    ['1', false],
    ['', false],
  ])('lasts until the end of X’s day only if its daily window is used up: %j left', (left, isUsedUp) => {
    const headers = {
      'x-user-limit-24hour-remaining': left,
      'x-user-limit-24hour-reset': String(seconds + 40_000),
    };
    const refusal = x.readRefusal(answer(429, {}, headers), NOW);
    expect(refusal).toMatchObject({ until: after(isUsedUp ? 40_000 : 60) });
  });

  it.each([
    ['15', 900],
    ['"15"', 900],
    ['15.5', 900],
    ['123456', 60],
    ['-5', 60],
  ])('is the number of minutes that Meta says: %s', (minutes, pauseSeconds) => {
    const usage = `{"17":[{"type":"instagram","estimated_time_to_regain_access":${minutes}}]}`;
    const response = answer(400, { error: { code: 80_002 } }, { 'x-business-use-case-usage': usage });
    expect(instagram.readRefusal(response, NOW)).toMatchObject({ until: after(pauseSeconds) });
  });

  const names = [
    ...['x-rate-limit-reset', 'x-app-limit-24hour-reset', 'x-user-limit-24hour-reset', 'x-ratelimit-reset'],
    ...['ratelimit-reset', 'retry-after', 'x-business-use-case-usage'],
  ];
  it.each([x, bluesky, mastodon, linkedin, instagram])(
    'is between five seconds and a month for any headers of a 429 of $name',
    (errors) => {
      const random = createRandom(7);
      for (let round = 0; round < 5_000; round += 1) {
        const headers: Record<string, string> = {
          'x-app-limit-24hour-remaining': '0',
          'x-user-limit-24hour-remaining': '0',
        };
        for (const name of names) if (random.chance(0.5)) headers[name] = oddValue(random);
        const refusal = errors.readRefusal(answer(429, { error: {} }, headers), NOW);
        const pauseMs = refusal?.outcome === 'wait_until' ? refusal.until.getTime() - NOW.getTime() : NaN;
        expect(pauseMs).toBeGreaterThanOrEqual(5_000);
        expect(pauseMs).toBeLessThanOrEqual(31 * 86_400_000);
      }
    },
  );
});

function oddValue(random: ReturnType<typeof createRandom>): string {
  return random.pick<() => string>([
    () => String(random.int(-1_000, 1_000_000)),
    () => String(seconds + random.int(-100_000, 10_000_000)),
    () => String(10 ** random.int(0, 40) * random.int(1, 9)),
    () => new Date(NOW.getTime() + random.int(-1e9, 1e9) * 1_000).toISOString(),
    () => new Date(NOW.getTime() + random.int(-1e9, 1e9) * 1_000).toUTCString(),
    () => `{"1":[{"estimated_time_to_regain_access":${random.int(0, 100_000)}}]}`,
    () =>
      random
        .pick(['', 'NaN', '-0', '1e308', 'Infinity', 'never', '+275760-09-13T00:00:00Z', '٣'])
        .replace('٣', '3'),
    () => String.fromCharCode(...Array.from({ length: random.int(0, 20) }, () => random.int(33, 126))),
  ])();
}

describe('the wait for a failing server', () => {
  it.each<[string | undefined, number | undefined]>([
    ['60', 60],
    ['600', 600],
    ['Sun, 22 Nov 2026 10:10:00 GMT', 600],
    ['3600', 900],
    ['86400', 900],
    // The normal retry comes before that.
    ['59', undefined],
    ['0', undefined],
    ['Sun, 22 Nov 2026 09:10:00 GMT', undefined],
    // Too far in the future to be meant.
    ['99999999', undefined],
    ['soon', undefined],
    [undefined, undefined],
  ])('with the Retry-After %j', (told, awaySeconds) => {
    const headers = new Headers(told === undefined ? {} : { 'retry-after': told });
    expect(absentUntil(headers, NOW)).toEqual(awaySeconds === undefined ? undefined : after(awaySeconds));
  });
});

describe('the expiry', () => {
  it.each<[unknown, string | undefined]>([
    [3_600, '2026-11-22T11:00:00.000Z'],
    ['3600', '2026-11-22T11:00:00.000Z'],
    [9e15, '2036-11-19T10:00:00.000Z'],
    [1e300, '2036-11-19T10:00:00.000Z'],
    [' 3600.5 ', '2026-11-22T11:00:00.500Z'],
    ...[
      0,
      -1,
      Number.NaN,
      Infinity,
      '',
      ' ',
      'soon',
      '0x10',
      '1e3',
      '3600s',
      null,
      undefined,
      {},
      [],
      [5],
      true,
    ].map((odd): [unknown, undefined] => [odd, undefined]),
  ])('of something that lives %j seconds', (life, end) => {
    expect(endOfLife(NOW, life)).toBe(end);
  });
});
