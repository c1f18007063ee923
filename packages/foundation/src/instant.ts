/** Why a text is not an instant. `code` is stable; `detail` continues a sentence that begins with a field's name. */
export interface NoInstant {
  code: 'format' | 'offset' | 'calendar';
  detail: string;
}

const EXAMPLE = 'such as 2026-12-01T09:00:00Z';
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const WITHOUT_OFFSET = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/;
const WITH_ANOTHER_OFFSET =
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)? ?([+-]\d\d?(\d\d)?|[A-Z]{2,5}|\[.*\])$/;
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

/**
 * Parses an RFC 3339 instant: date, time and offset, so that no time zone has to be guessed. A time that does not exist
 * (30 February, 24:00, a leap second) is refused, not rolled over.
 */
export function parseInstant(text: string): Date | NoInstant {
  const written = text.toUpperCase();
  const match = INSTANT.exec(written);
  if (!match) return misspelt(written);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [offsetHours = 0, offsetMinutes = 0] = (match[7] ?? '').slice(1).split(':').map(Number);
  const wrong =
    wrongDay(year, month, day) ??
    wrongTime(hour, minute, second) ??
    (offsetHours > 23 || offsetMinutes > 59 ? 'has an offset that does not exist' : undefined);
  return wrong === undefined ? new Date(written) : { code: 'calendar', detail: wrong };
}

function misspelt(text: string): NoInstant {
  if (WITHOUT_OFFSET.test(text)) {
    return {
      code: 'offset',
      detail:
        'has no offset, so nobody knows in which time zone it is meant: end it with Z for UTC, or with one such as +01:00',
    };
  }
  if (WITH_ANOTHER_OFFSET.test(text)) {
    return { code: 'offset', detail: 'must end with Z for UTC, or with an offset written as +01:00' };
  }
  if (/^\d{4}-\d\d-\d\d$/.test(text)) {
    return { code: 'format', detail: `has no time of day: it must be date, time and offset, ${EXAMPLE}` };
  }
  if (/^[+-]?\d{5,}-/.test(text))
    return { code: 'format', detail: `must have a year of four digits, ${EXAMPLE}` };
  return { code: 'format', detail: `must be a time as RFC 3339 writes it, with an offset, ${EXAMPLE}` };
}

function wrongDay(year: number, month: number, day: number): string | undefined {
  const name = MONTHS[month - 1];
  if (name === undefined) return `names month ${month}, and a year has the months 01 to 12`;
  // `Date` would roll 30 February over into March.
  const last = daysIn(year, month);
  if (day >= 1 && day <= last) return undefined;
  return `names a day that does not exist: ${name} ${String(year).padStart(4, '0')} has the days 01 to ${last}`;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

function wrongTime(hour: number, minute: number, second: number): string | undefined {
  if (hour === 24 && minute === 0 && second === 0) {
    return 'names the hour 24: midnight is 00:00:00 of the day after';
  }
  if (hour > 23) return `names the hour ${hour}, and a day has the hours 00 to 23`;
  if (minute > 59) return `names the minute ${minute}, and an hour has the minutes 00 to 59`;
  if (second === 60) return 'names a leap second, which cannot be kept: take the second before or after it';
  if (second > 59) return `names the second ${second}, and a minute has the seconds 00 to 59`;
  return undefined;
}
