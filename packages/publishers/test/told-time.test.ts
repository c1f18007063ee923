import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../test/chaos/random.ts';
import { dialect as bluesky } from '../src/bluesky/errors.ts';
import { dialect as instagram } from '../src/instagram/errors.ts';
import { dialect as linkedin } from '../src/linkedin/errors.ts';
import { dialect as mastodon } from '../src/mastodon/errors.ts';
import { dialect as x } from '../src/x/errors.ts';
import { endOfLife, pauseUntil } from '../src/told-time.ts';
import { answer, NOW } from './answers.ts';

const seconds = NOW.getTime() / 1_000;
const after = (pauseSeconds: number) => new Date(NOW.getTime() + pauseSeconds * 1_000);

describe('until when to wait', () => {
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
    ['what lies behind us: the clocks differ', String(seconds - 300), null, 5],
    ['now', String(seconds), '0', 5],
    ['a year, which nobody means', String(seconds + 365 * 86_400), null, 60],
    ['the same, beside what can be meant', String(seconds + 365 * 86_400), '30', 30],
    ['a date without an offset', '2026-11-22T10:15:00', null, 60],
    ['nothing', null, null, 60],
    ['a small number, which is one of seconds', '2026', null, 2_026],
    ...['', 'soon', '-5', '1e300', 'NaN', 'Infinity', '9'.repeat(400), '0x10'].map(
      (odd): [string, string, null, number] => [JSON.stringify(odd.slice(0, 20)), odd, null, 60],
    ),
  ])('%s', (_, own, retryAfter, pauseSeconds) => {
    const headers = new Headers(retryAfter === null ? {} : { 'retry-after': retryAfter });
    expect(pauseUntil(headers, NOW, own)).toEqual(after(pauseSeconds));
  });

  const names = [
    ...['x-rate-limit-reset', 'x-app-limit-24hour-reset', 'x-user-limit-24hour-reset', 'x-ratelimit-reset'],
    ...['ratelimit-reset', 'retry-after', 'x-business-use-case-usage'],
  ];
  it.each([x, bluesky, mastodon, linkedin, instagram])(
    'is between five seconds and a month, whatever $name sends with a 429',
    (dialect) => {
      const random = createRandom(7);
      for (let round = 0; round < 5_000; round += 1) {
        const headers: Record<string, string> = {
          'x-app-limit-24hour-remaining': '0',
          'x-user-limit-24hour-remaining': '0',
        };
        for (const name of names) if (random.chance(0.5)) headers[name] = oddValue(random);
        const refusal = dialect.readRefusal(answer(429, { error: {} }, headers), NOW);
        const pauseMs = refusal?.outcome === 'wait-until' ? refusal.until.getTime() - NOW.getTime() : NaN;
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

describe('when something ends', () => {
  it.each<[unknown, string | undefined]>([
    [3_600, '2026-11-22T11:00:00.000Z'],
    ['3600', '2026-11-22T11:00:00.000Z'],
    [9e15, '2036-11-19T10:00:00.000Z'],
    [1e300, '2036-11-19T10:00:00.000Z'],
    ...[0, -1, Number.NaN, Infinity, '', ' ', 'soon', null, undefined, {}, [], [5], true].map(
      (odd): [unknown, undefined] => [odd, undefined],
    ),
  ])('that lives %j seconds', (life, end) => {
    expect(endOfLife(NOW, life)).toBe(end);
  });
});
