// Parses times from headers and fields of other servers. The result is a date within bounds, or nothing.

const DAY_MS = 24 * 3_600_000;
/** The longest rate-limit window of X, LinkedIn and Meta is a day; X's credit is sold by the month. */
const LONGEST_PAUSE_MS = 31 * DAY_MS;
/** A reset time in the past only means that the clocks differ. */
const SHORTEST_PAUSE_MS = 5_000;
/** Used if the platform names no time. */
const USUAL_PAUSE_MS = 60_000;
/** Longer lives of tokens are cut; they mean "does not expire". */
const LONGEST_LIFE_MS = 10 * 365 * DAY_MS;

/** One request per quarter of an hour is cheap, and notices a server that is back earlier than it said. */
const LONGEST_ABSENCE_MS = 15 * 60_000;

/**
 * When to send again after a rate limit: the latest time in the platform's own headers and `Retry-After` (RFC 9110, 10.2.3:
 * seconds or a date), at least five seconds from now. A minute if no header has a usable time.
 * @param told the values of the platform's own headers; null for a missing one
 */
export function pauseUntil(headers: Headers, now: Date, ...told: (string | null)[]): Date {
  const latest = latestOf([...told, headers.get('retry-after')], now);
  if (latest === undefined) return new Date(now.getTime() + USUAL_PAUSE_MS);
  return new Date(Math.max(latest, now.getTime() + SHORTEST_PAUSE_MS));
}

/**
 * Until when a failing server says that it is away (`Retry-After`). Undefined below a minute, since the normal retry comes by
 * then. At most LONGEST_ABSENCE_MS.
 */
export function absentUntil(headers: Headers, now: Date): Date | undefined {
  const latest = latestOf([headers.get('retry-after')], now);
  if (latest === undefined || latest < now.getTime() + USUAL_PAUSE_MS) return undefined;
  return new Date(Math.min(latest, now.getTime() + LONGEST_ABSENCE_MS));
}

function latestOf(told: (string | null)[], now: Date): number | undefined {
  const times = told
    .flatMap((value) => valuesOf(value))
    .map((value) => readTime(value, now))
    .filter((time) => time !== undefined && time <= now.getTime() + LONGEST_PAUSE_MS) as number[];
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Splits a header that was sent twice (by a server and its proxy) and joined with commas. A date has its own comma. */
export function valuesOf(header: string | null): string[] {
  return header === null
    ? []
    : header.split(/(?<!day|sun|mon|tue|wed|thu|fri|sat),/i).map((value) => value.trim());
}

/**
 * The expiry of something with this lifetime, as RFC 3339; undefined if the number is senseless.
 * @param seconds from another server, so of any type
 */
export function endOfLife(now: Date, seconds: unknown): string | undefined {
  const lifeMs =
    typeof seconds === 'string' ? numberOf(seconds) : typeof seconds === 'number' ? seconds : Number.NaN;
  if (!Number.isFinite(lifeMs) || lifeMs <= 0) return undefined;
  return new Date(now.getTime() + Math.min(lifeMs * 1_000, LONGEST_LIFE_MS)).toISOString();
}

/** NaN for anything but a plain decimal number: no list, no hexadecimal, no unit. */
function numberOf(told: string): number {
  return /^\d{1,20}(\.\d{1,20})?$/.test(told.trim()) ? Number(told) : Number.NaN;
}

/** The epoch seconds of the year 2001. A smaller number means seconds from now. */
const SMALLEST_EPOCH_SECONDS = 1e9;
/** A larger epoch is in milliseconds or microseconds and is divided by a thousand until it fits. */
const LARGEST_EPOCH_SECONDS = 1e11;

/** RFC 3339, and similar forms of other languages. An offset is required: without one the time is ambiguous. */
const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|UTC|GMT)| ?[+-]\d\d:?\d\d( UTC)?)$/i;
/** The three date forms of HTTP (RFC 9110, 5.6.7; the last has no zone and means UTC), and those of mail, with an offset. */
const HTTP_DATE =
  /^(sun|mon|tue|wed|thu|fri|sat)[a-z]*,? ([a-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}|\d\d?[ -][a-z]{3}[ -]\d{2,4} \d\d:\d\d:\d\d( (GMT|UTC|Z|[+-]\d{4}))?)$/i;

/** In milliseconds since 1970. Undefined if the text has none of the known forms. */
function readTime(text: string, now: Date): number | undefined {
  if (INSTANT.test(text) || HTTP_DATE.test(text)) {
    const hasZone = /(GMT|UTC|Z|[+-]\d\d:?\d\d)$/i.test(text);
    const time = Date.parse(hasZone ? text : `${text} GMT`);
    return Number.isFinite(time) ? time : undefined;
  }
  let seconds = numberOf(text);
  if (Number.isNaN(seconds)) return undefined;
  if (seconds < SMALLEST_EPOCH_SECONDS) return now.getTime() + seconds * 1_000;
  while (seconds >= LARGEST_EPOCH_SECONDS) seconds /= 1_000;
  return seconds * 1_000;
}
